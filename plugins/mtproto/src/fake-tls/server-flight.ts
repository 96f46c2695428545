import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import type { ClientHello } from './client-hello.js';
import { sealFlight } from './digest.js';
import type { HostProfile } from './host-profile.js';
import type { KeySharePool } from './key-share-pool.js';
import {
  ContentType,
  ExtensionType,
  HANDSHAKE_HEADER,
  HandshakeType,
  MAX_PLAINTEXT,
  MLKEM_CIPHERTEXT_LENGTH,
  MLKEM_CLIENT_SHARE_LENGTH,
  NamedGroup,
  RANDOM_LENGTH,
  RECORD_HEADER,
  TLS_1_2,
  TLS_1_3,
  TLS_1_3_SUITES,
  X25519_LENGTH,
} from './tls.js';

/** Why a hello cannot be answered: what follows is no handshake of the kind that we can imitate. */
export type Unanswerable = 'no-tls13' | 'no-cipher' | 'no-key-share';

/** What the answer to a hello will say. */
export interface Negotiated {
  readonly cipherSuite: number;
  readonly group: number;
}

/** A real server's order of extensions: that of OpenSSL, and so of nginx. */
const DEFAULT_EXTENSIONS: readonly number[] = [ExtensionType.supportedVersions, ExtensionType.keyShare];
/** Below this a record could not even hold a real server's shortest answer. */
const MIN_ENCRYPTED = 64;

/**
 * What a server would choose from a hello: the fronted host's own choice where the client offers it,
 * otherwise the client's first suite, which is what OpenSSL does.
 */
export function negotiate(hello: ClientHello, profile: HostProfile): Negotiated | Unanswerable {
  if (!hello.supportedVersions.includes(TLS_1_3)) return 'no-tls13';
  const suites = hello.cipherSuites.filter((suite) => TLS_1_3_SUITES.includes(suite));
  const cipherSuite = suites.find((suite) => suite === profile.cipherSuite) ?? suites[0];
  if (cipherSuite === undefined) return 'no-cipher';
  const offers = (group: number, length: number): boolean =>
    hello.keyShares.some((share) => share.group === group && share.key.length === length);
  if (profile.group === NamedGroup.x25519MlKem768 && offers(NamedGroup.x25519MlKem768, MLKEM_CLIENT_SHARE_LENGTH)) {
    return { cipherSuite, group: NamedGroup.x25519MlKem768 };
  }
  return offers(NamedGroup.x25519, X25519_LENGTH) ? { cipherSuite, group: NamedGroup.x25519 } : 'no-key-share';
}

/**
 * The server's first flight, to be sent in one piece: ServerHello, ChangeCipherSpec and exactly one
 * record of application data, as Telegram's clients accept it. Nothing may follow it until the client
 * has spoken.
 */
export function serverFlight(
  hello: ClientHello,
  negotiated: Negotiated,
  key: Buffer,
  profile: HostProfile,
  shares: KeySharePool,
): Buffer {
  const isHybrid = negotiated.group === NamedGroup.x25519MlKem768;
  const shareLength = X25519_LENGTH + (isHybrid ? MLKEM_CIPHERTEXT_LENGTH : 0);
  const extensionsLength = 6 + 8 + shareLength;
  const messageLength = 2 + RANDOM_LENGTH + 1 + hello.sessionId.length + 2 + 1 + 2 + extensionsLength;
  const encryptedLength = Math.min(Math.max(profile.encryptedLength, MIN_ENCRYPTED), MAX_PLAINTEXT);
  const helloEnd = RECORD_HEADER + HANDSHAKE_HEADER + messageLength;
  const encryptedAt = helloEnd + RECORD_HEADER + 1 + RECORD_HEADER;
  const flight = Buffer.allocUnsafeSlow(encryptedAt + encryptedLength);

  let at = recordHeader(flight, 0, ContentType.handshake, HANDSHAKE_HEADER + messageLength);
  at = flight.writeUInt32BE(HandshakeType.serverHello * 2 ** 24 + messageLength, at);
  at = flight.writeUInt16BE(TLS_1_2, at);
  flight.fill(0, at, at + RANDOM_LENGTH);
  at = flight.writeUInt8(hello.sessionId.length, at + RANDOM_LENGTH);
  at += hello.sessionId.copy(flight, at);
  at = flight.writeUInt16BE(negotiated.cipherSuite, at);
  // No compression.
  at = flight.writeUInt8(0, at);
  at = flight.writeUInt16BE(extensionsLength, at);
  const keyShareFirst = (profile.extensions ?? DEFAULT_EXTENSIONS)[0] === ExtensionType.keyShare;
  if (!keyShareFirst) at = versionExtension(flight, at);
  at = flight.writeUInt16BE(ExtensionType.keyShare, at);
  at = flight.writeUInt16BE(4 + shareLength, at);
  at = flight.writeUInt16BE(negotiated.group, at);
  at = flight.writeUInt16BE(shareLength, at);
  if (isHybrid) {
    // Any bytes are a ciphertext of ML-KEM-768 (FIPS 203, section 7.3).
    randomFillSync(flight, at, MLKEM_CIPHERTEXT_LENGTH);
    at += MLKEM_CIPHERTEXT_LENGTH;
  }
  shares.take(flight, at);
  at += X25519_LENGTH;
  if (keyShareFirst) at = versionExtension(flight, at);
  at = recordHeader(flight, at, ContentType.changeCipherSpec, 1);
  at = flight.writeUInt8(1, at);
  at = recordHeader(flight, at, ContentType.applicationData, encryptedLength);
  randomFillSync(flight, at);
  sealFlight(flight, hello.random, key);
  return flight;
}

function recordHeader(into: Buffer, at: number, type: number, length: number): number {
  into[at] = type;
  into.writeUInt16BE(TLS_1_2, at + 1);
  return into.writeUInt16BE(length, at + 3);
}

function versionExtension(into: Buffer, at: number): number {
  into.writeUInt16BE(ExtensionType.supportedVersions, at);
  into.writeUInt16BE(2, at + 2);
  return into.writeUInt16BE(TLS_1_3, at + 4);
}
