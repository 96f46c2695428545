import { createCipheriv, createHash, randomBytes, type Cipher } from 'node:crypto';

/** The byte that stands four times in the header and names the framing that follows. */
export type TransportTag = 'abridged' | 'intermediate' | 'padded';

/** Both directions of one obfuscated2 stream, as one of its two ends sees them. Stateful: feed every byte, in order. */
export interface ObfuscatedStream {
  /** Enciphers what this end sends. */
  encrypt(plain: Uint8Array): Buffer;
  /** Deciphers what this end receives. */
  decrypt(cipher: Uint8Array): Buffer;
}

export interface OpenedHeader extends ObfuscatedStream {
  /** undefined: the four bytes name no known framing (a wrong secret looks like this). */
  readonly tag: TransportTag | undefined;
  /** Data centre id as written: negative for media, +10000 for test. */
  readonly dc: number;
}

export interface CreatedHeader extends ObfuscatedStream {
  /** The 64 bytes to send first. */
  readonly header: Buffer;
}

export interface CreateHeaderOptions {
  readonly tag: TransportTag;
  /** int16. */
  readonly dc: number;
  /** 16 bytes towards a proxy; absent towards a data centre. */
  readonly secret?: Uint8Array;
  /** 64 bytes to build the header from, for tests with fixed vectors; random by default. */
  readonly noise?: Uint8Array;
}

export const headerLength = 64;

const tagBytes: Record<TransportTag, number> = { abridged: 0xef, intermediate: 0xee, padded: 0xdd };

// Words that a server reads as another protocol (or framing) when a connection starts with them.
const forbiddenWords = new Set(
  ['HEAD', 'POST', 'GET ', 'OPTI', '\xdd\xdd\xdd\xdd', '\xee\xee\xee\xee', '\x16\x03\x01\x02'].map((word) =>
    Buffer.from(word, 'latin1').readUInt32LE(),
  ),
);

/** Whether a data centre would take these bytes for something else than an obfuscated2 header. */
export function hasForbiddenStart(header: Uint8Array): boolean {
  const view = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  return view[0] === tagBytes.abridged || forbiddenWords.has(view.readUInt32LE(0)) || view.readUInt32LE(4) === 0;
}

/** The receiving end: a data centre (no secret) or a proxy (with one). `header` is exactly 64 bytes. */
export function openHeader(header: Uint8Array, secret?: Uint8Array): OpenedHeader {
  const { forward, backward } = ciphers(header, secret);
  const plain = forward.update(header);
  const mark = plain.readUInt32LE(56);
  const tags = Object.keys(tagBytes) as TransportTag[];
  return {
    tag: tags.find((tag) => tagBytes[tag] * 0x01010101 === mark),
    dc: plain.readInt16LE(60),
    encrypt: (data) => backward.update(data),
    decrypt: (data) => forward.update(data),
  };
}

/** The sending end: a client of a proxy (with a secret) or of a data centre (without). */
export function createHeader(options: CreateHeaderOptions): CreatedHeader {
  const header = options.noise === undefined ? allowedNoise() : Buffer.from(options.noise);
  header.fill(tagBytes[options.tag], 56, 60);
  header.writeInt16LE(options.dc, 60);
  const { forward, backward } = ciphers(header, options.secret);
  // The whole header runs through the cipher, so that the payload starts at offset 64; only its tail is sent so.
  forward.update(header).copy(header, 56, 56);
  return {
    header,
    encrypt: (data) => forward.update(data),
    decrypt: (data) => backward.update(data),
  };
}

function allowedNoise(): Buffer {
  for (;;) {
    const noise = randomBytes(headerLength);
    if (!hasForbiddenStart(noise)) return noise;
  }
}

function ciphers(header: Uint8Array, secret: Uint8Array | undefined): { forward: Cipher; backward: Cipher } {
  const forward = Buffer.from(header.subarray(8, 56));
  const backward = Buffer.from(forward).reverse();
  return { forward: cipher(forward, secret), backward: cipher(backward, secret) };
}

function cipher(material: Buffer, secret: Uint8Array | undefined): Cipher {
  const seed = material.subarray(0, 32);
  const key = secret === undefined ? seed : createHash('sha256').update(seed).update(secret).digest();
  return createCipheriv('aes-256-ctr', key, material.subarray(32, 48));
}
