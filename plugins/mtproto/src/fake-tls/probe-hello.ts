import { Buffer } from 'node:buffer';
import { randomBytes, randomInt } from 'node:crypto';
import type { KeySharePool } from './key-share-pool.js';
import {
  ContentType,
  ExtensionType,
  HandshakeType,
  MLKEM_CLIENT_SHARE_LENGTH,
  NamedGroup,
  RANDOM_LENGTH,
  TLS_1_2,
  TLS_1_3,
  X25519_LENGTH,
} from './tls.js';

/** ML-KEM-768 (FIPS 203): three polynomials of 256 coefficients of 12 bits below q, then a 32-byte seed. */
const COEFFICIENTS = 3 * 256;
const Q = 3329;

/** Suites, groups and signature algorithms as browsers of 2025 offer them, most wanted first. */
const SUITES = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f,
  0x0035,
];
const SECP256R1 = 0x0017;
const SECP384R1 = 0x0018;
const SIGNATURES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];

/**
 * A browser's ClientHello as one record, to be sent to a real host whose first flight is wanted. It
 * has to be like those that Telegram's clients send: what a server answers (a compressed certificate,
 * a stapled OCSP answer, its choice of a group) depends on what it is offered.
 */
export function probeHello(serverName: string, shares: KeySharePool): Buffer {
  const grease = greases();
  const name = Buffer.from(serverName);
  const between = [
    extension(ExtensionType.serverName, vector16(Buffer.of(0), vector16(name))),
    extension(0x0017, Buffer.alloc(0)),
    extension(0xff01, Buffer.of(0)),
    extension(
      ExtensionType.supportedGroups,
      vector16(words([grease[1], NamedGroup.x25519MlKem768, NamedGroup.x25519, SECP256R1, SECP384R1])),
    ),
    extension(0x000b, Buffer.of(1, 0)),
    extension(0x0023, Buffer.alloc(0)),
    extension(ExtensionType.alpn, vector16(vector8(Buffer.from('h2')), vector8(Buffer.from('http/1.1')))),
    // A stapled OCSP answer, signature algorithms, signed certificate timestamps.
    extension(0x0005, Buffer.of(1, 0, 0, 0, 0)),
    extension(0x000d, vector16(words(SIGNATURES))),
    extension(0x0012, Buffer.alloc(0)),
    extension(ExtensionType.keyShare, vector16(keyShares(grease[1], shares))),
    // Pre-shared keys with a key exchange, versions, certificates compressed by Brotli, settings of HTTP/2.
    extension(0x002d, Buffer.of(1, 1)),
    extension(ExtensionType.supportedVersions, vector8(words([grease[2], TLS_1_3, TLS_1_2]))),
    extension(0x001b, vector8(words([2]))),
    extension(0x44cd, vector16(vector8(Buffer.from('h2')))),
    extension(0xfe0d, pretendedEch(shares)),
  ];
  const extensions = [extension(grease[0], Buffer.alloc(0)), ...shuffled(between), extension(grease[3], Buffer.of(0))];
  const body = Buffer.concat([
    words([TLS_1_2]),
    randomBytes(RANDOM_LENGTH),
    vector8(randomBytes(RANDOM_LENGTH)),
    vector16(words([grease[4], ...SUITES])),
    vector8(Buffer.of(0)),
    vector16(...extensions),
  ]);
  const message = Buffer.concat([Buffer.of(HandshakeType.clientHello, 0), vector16(body)]);
  return Buffer.concat([Buffer.of(ContentType.handshake, 3, 1), vector16(message)]);
}

function keyShares(grease: number, shares: KeySharePool): Buffer {
  const hybrid = Buffer.concat([encapsulationKey(), Buffer.alloc(X25519_LENGTH)]);
  const alone = Buffer.alloc(X25519_LENGTH);
  shares.take(hybrid, MLKEM_CLIENT_SHARE_LENGTH - X25519_LENGTH);
  shares.take(alone, 0);
  return Buffer.concat([
    words([grease]),
    vector16(Buffer.of(0)),
    words([NamedGroup.x25519MlKem768]),
    vector16(hybrid),
    words([NamedGroup.x25519]),
    vector16(alone),
  ]);
}

/** What clients send that have no key to encrypt their hello with. */
function pretendedEch(shares: KeySharePool): Buffer {
  const share = Buffer.alloc(X25519_LENGTH);
  shares.take(share, 0);
  const payload = randomBytes(144 + 32 * randomInt(4));
  return Buffer.concat([Buffer.of(0), words([1, 1]), randomBytes(1), vector16(share), vector16(payload)]);
}

/** Any coefficients below q are a key that a server takes; nobody will ever decapsulate with this one. */
function encapsulationKey(): Buffer {
  const key = randomBytes(MLKEM_CLIENT_SHARE_LENGTH - X25519_LENGTH);
  for (let i = 0; i < COEFFICIENTS / 2; i += 1) {
    key.writeUIntLE(randomInt(Q) + randomInt(Q) * 4096, i * 3, 3);
  }
  return key;
}

/** Values that servers must ignore (RFC 8701); those of the two extensions differ. */
function greases(): [number, number, number, number, number] {
  const value = (): number => randomInt(16) * 0x1010 + 0x0a0a;
  const first = value();
  return [first, value(), value(), first ^ 0x1010, value()];
}

/** As browsers do, so that nobody comes to rely on an order. */
function shuffled(parts: readonly Buffer[]): Buffer[] {
  const left = [...parts];
  return parts.flatMap(() => left.splice(randomInt(left.length), 1));
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([words([type]), vector16(body)]);
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

function vector8(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(body.length), body]);
}

function vector16(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([words([body.length]), body]);
}
