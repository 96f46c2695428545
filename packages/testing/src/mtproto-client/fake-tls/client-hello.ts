import { createHmac, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';

export interface ClientHelloOptions {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** For the SNI extension; '' leaves it out. */
  readonly serverName: string;
  /** Seconds by which the client's clock is ahead of ours; default 0. */
  readonly skew?: number;
  /** Spoils the digest by one bit. */
  readonly falsifyDigest?: boolean;
  /** What the client offers; default all of it, as Telegram's clients and browsers do. */
  readonly offers?: {
    /** Groups to send key shares of, by default 0x11ec (X25519MLKEM768) and 0x001d (X25519). */
    readonly groups?: readonly (0x11ec | 0x001d)[];
    /** Cipher suites behind the GREASE one. */
    readonly cipherSuites?: readonly number[];
    /** By default 0x0304 and 0x0303. */
    readonly versions?: readonly number[];
  };
}

/** A ClientHello that a proxy with the same secret recognises. */
export interface FakeClientHello {
  /** One TLS record, as the digest was made over it. */
  readonly record: Buffer;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly cipherSuites: readonly number[];
  /** Groups with a key share. */
  readonly groups: readonly number[];
}

const randomAt = 11;

const suites = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f,
  0x0035,
];

/**
 * Like those of TDLib 1.8.65 and Chrome: 1.7 to 1.8 KB, the extensions between two of GREASE in an
 * order of chance, a key share of ML-KEM-768 with X25519, a pretended Encrypted Client Hello.
 */
export function createClientHello(options: ClientHelloOptions): FakeClientHello {
  const { key, serverName, skew = 0, falsifyDigest = false } = options;
  const {
    groups = [0x11ec, 0x001d] as const,
    cipherSuites = suites,
    versions = [0x0304, 0x0303],
  } = options.offers ?? {};
  const sessionId = randomBytes(32);
  const [outerGrease, groupGrease, versionGrease, suiteGrease] = [grease(), grease(), grease(), grease()];
  const shares = groups.map((group) => [u16(group), u16Prefixed(group === 0x11ec ? hybridShare() : x25519Share())]);
  const inAnyOrder = [
    ...(serverName === '' ? [] : [extension(0, u16Prefixed(u8(0), u16Prefixed(Buffer.from(serverName))))]),
    extension(5, u8(1), u16(0), u16(0)),
    extension(10, u16Prefixed(u16(groupGrease), ...groups.map(u16), u16(0x17), u16(0x18))),
    extension(11, u8Prefixed(u8(0))),
    extension(13, u16Prefixed(...[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601].map(u16))),
    extension(16, u16Prefixed(...['h2', 'http/1.1'].map((name) => u8Prefixed(Buffer.from(name))))),
    extension(18),
    extension(23),
    extension(27, u8Prefixed(u16(2))),
    extension(35),
    extension(43, u8Prefixed(u16(versionGrease), ...versions.map(u16))),
    extension(45, u8Prefixed(u8(1))),
    extension(51, u16Prefixed(u16(groupGrease), u16Prefixed(u8(0)), ...shares.flat())),
    extension(0x44cd, u16Prefixed(u8Prefixed(Buffer.from('h2')))),
    extension(0xfe0d, u8(0), u16(1), u16(1), randomBytes(1), u16Prefixed(x25519Share()), u16Prefixed(echPayload())),
    extension(0xff01, u8(0)),
  ];
  const extensions = [extension(outerGrease), ...shuffled(inAnyOrder), extension(outerGrease ^ 0x1010, u8(0))];
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32),
    u8Prefixed(sessionId),
    u16Prefixed(u16(suiteGrease), ...cipherSuites.map(u16)),
    u8Prefixed(u8(0)),
    u16Prefixed(...extensions),
  ]);
  const record = Buffer.concat([Buffer.from('160301', 'hex'), u16Prefixed(u8(1), u8(0), u16Prefixed(body))]);
  const digest = createHmac('sha256', key).update(record).digest();
  const seconds = Math.floor(Date.now() / 1000) + skew;
  digest.writeInt32LE(digest.readInt32LE(28) ^ (seconds | 0), 28);
  if (falsifyDigest) digest[randomInt(28)]! ^= 1 << randomInt(8);
  digest.copy(record, randomAt);
  return { record, random: digest, sessionId, cipherSuites, groups };
}

/** The hello's message over several records: each cut is an offset into the record's payload. */
export function fragmentRecord(record: Buffer, cuts: readonly number[]): Buffer {
  const payload = record.subarray(5);
  const ends = [...cuts, payload.length];
  return Buffer.concat(
    ends.flatMap((end, i) => {
      const piece = payload.subarray(ends[i - 1] ?? 0, end);
      return [record.subarray(0, 3), u16Prefixed(piece)];
    }),
  );
}

/** RFC 8701. */
function grease(): number {
  return 0x0a0a + 0x1010 * randomInt(16);
}

/**
 * A public key of X25519, 32 bytes. Encoded while it is made: a key that is exported as a JWK later is locked meanwhile,
 * and garbage collection in that moment can stop the process for ever (Node 20).
 */
export function x25519Share(): Buffer {
  const { publicKey } = generateKeyPairSync('x25519', { publicKeyEncoding: { format: 'jwk' } } as object);
  return Buffer.from((publicKey as unknown as { readonly x: string }).x, 'base64url');
}

/** An encapsulation key of ML-KEM-768, which is 768 numbers of 12 bits below 3329 and 32 bytes; then X25519. */
function hybridShare(): Buffer {
  const numbers = Array.from({ length: 384 }, () => {
    const three = Buffer.alloc(3);
    three.writeUIntLE((randomInt(3329) << 12) | randomInt(3329), 0, 3);
    return three;
  });
  return Buffer.concat([...numbers, randomBytes(32), x25519Share()]);
}

function echPayload(): Buffer {
  return randomBytes([144, 176, 208, 240][randomInt(4)]!);
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(randomInt(left.length), 1));
}

function extension(type: number, ...body: readonly Buffer[]): Buffer {
  return Buffer.concat([u16(type), u16Prefixed(...body)]);
}

function u8(value: number): Buffer {
  return Buffer.of(value);
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function u8Prefixed(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u8(body.length), body]);
}

function u16Prefixed(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u16(body.length), body]);
}
