import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';

/** A ClientHello to taste. Everything left out is as a browser of today has it. */
export interface HelloOptions {
  /** Undefined: no server_name extension. */
  readonly serverName?: string | undefined;
  /** The handshake's legacy version; default 0x0303. */
  readonly version?: number;
  /** The record's version; default 0x0301. */
  readonly recordVersion?: number;
  /** `supported_versions`; default TLS 1.3 and 1.2. Empty: no such extension and no key share. */
  readonly versions?: readonly number[];
  readonly ciphers?: readonly number[];
  readonly sessionId?: Buffer;
  readonly alpn?: readonly string[];
  /** Pads the record's payload to this length, where it is shorter. Default 512. */
  readonly length?: number;
  /** What key to begin with. `later`: the server has to ask for it. Default x25519. */
  readonly keyShare?: 'x25519' | 'unknown group' | 'later' | 'none';
}

const modern = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f,
];

/** One record with a ClientHello. */
export function clientHello(options: HelloOptions = {}): Buffer {
  const versions = options.versions ?? [0x0304, 0x0303];
  const hasTls13 = versions.includes(0x0304);
  const { keyShare = 'x25519', serverName } = options;
  const extensions = [
    ...(serverName === undefined ? [] : [extension(0, list(2, Buffer.concat([Buffer.of(0), list(2, serverName)])))]),
    extension(23, Buffer.alloc(0)),
    extension(0xff01, Buffer.of(0)),
    extension(10, list(2, words(0x001d, 0x0017, 0x0018))),
    extension(11, list(1, Buffer.of(0))),
    extension(35, Buffer.alloc(0)),
    extension(16, list(2, Buffer.concat((options.alpn ?? ['h2', 'http/1.1']).map((name) => list(1, name))))),
    extension(13, list(2, words(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))),
    ...(versions.length === 0 ? [] : [extension(43, list(1, words(...versions)))]),
    ...(hasTls13 ? [extension(45, list(1, Buffer.of(1)))] : []),
    ...(hasTls13 && keyShare !== 'none' ? [extension(51, list(2, share(keyShare)))] : []),
  ];
  const fixed = [
    words(options.version ?? 0x0303),
    randomBytes(32),
    list(1, options.sessionId ?? randomBytes(32)),
    list(2, words(...(options.ciphers ?? modern))),
    list(1, Buffer.of(0)),
  ];
  const length = Buffer.concat([...fixed, ...extensions]).length + 2 + 4;
  const missing = (options.length ?? 512) - length;
  if (missing >= 4) extensions.push(extension(21, Buffer.alloc(missing - 4)));
  const hello = Buffer.concat([...fixed, list(2, Buffer.concat(extensions))]);
  return record(Buffer.concat([Buffer.of(1), list(3, hello)]), options.recordVersion);
}

/** The digest and the time where an MTProto proxy looks for them. `time` in Unix seconds. */
export function signHello(hello: Buffer, key: Buffer, time = Math.floor(Date.now() / 1000)): Buffer {
  const signed = Buffer.from(hello);
  const random = signed.subarray(11, 43);
  random.fill(0);
  createHmac('sha256', key).update(signed).digest().copy(random);
  random.writeUInt32LE((random.readUInt32LE(28) ^ time) >>> 0, 28);
  return signed;
}

/** Whether this answer to a signed hello was made by someone who knows the key. */
export function isSignedAnswer(answer: Buffer, hello: Buffer, key: Buffer): boolean {
  // ServerHello, ChangeCipherSpec and one record of application data.
  let end = 0;
  for (let i = 0; i < 3; i += 1) {
    if (answer.length < end + 5) return false;
    end += 5 + answer.readUInt16BE(end + 3);
  }
  const signed = Buffer.from(answer.subarray(0, end));
  signed.fill(0, 11, 43);
  const digest = createHmac('sha256', key).update(hello.subarray(11, 43)).update(signed).digest();
  return digest.equals(answer.subarray(11, 43));
}

/** The same handshake message over several records of at most `size` bytes. */
export function fragmented(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(record(message.subarray(at, at + size), hello.readUInt16BE(1)));
  }
  return Buffer.concat(records);
}

/** The hello of SSL 2.0, by which old scanners ask for SSL 3.0 or TLS. */
export function sslv2Hello(version: number): Buffer {
  const ciphers = [0x00_0035, 0x00_002f, 0x00_000a, 0x01_0080].map((cipher) => Buffer.of(0, cipher >> 8, cipher & 255));
  const body = Buffer.concat([Buffer.of(1), words(version, ciphers.length * 3, 0, 16), ...ciphers, randomBytes(16)]);
  return Buffer.concat([words(0x8000 | body.length), body]);
}

function record(payload: Buffer, version = 0x0301): Buffer {
  return Buffer.concat([Buffer.of(22), words(version, payload.length), payload]);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([words(type), list(2, body)]);
}

function share(kind: 'x25519' | 'unknown group' | 'later'): Buffer {
  if (kind === 'later') return Buffer.alloc(0);
  const der = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' });
  return Buffer.concat([words(kind === 'x25519' ? 0x001d : 0x6399), list(2, der.subarray(-32))]);
}

/** Bytes behind their length, which takes 1 to 3 bytes. */
function list(lengthBytes: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as Buffer);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16BE(value, i * 2));
  return bytes;
}
