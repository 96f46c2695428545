import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';

/** In what versions of QUIC differ, as far as Initial packets go. */
export interface QuicVersion {
  /** Types in the first byte of long headers (RFC 9000 17.2, RFC 9369 3.2). */
  readonly initialType: number;
  readonly retryType: number;
  readonly salt: Buffer;
  readonly labels: { readonly key: Buffer; readonly iv: Buffer; readonly headerProtection: Buffer };
}

/** What protects the packets of one direction. */
export interface PacketKeys {
  /** AES-128-GCM. */
  readonly key: Buffer;
  readonly iv: Buffer;
  /** AES-128. */
  readonly headerProtection: Buffer;
}

const versions: ReadonlyMap<number, QuicVersion> = new Map([
  // RFC 9001 5.2
  [0x0000_0001, version('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'quic', 0)],
  // RFC 9369 3.3
  [0x6b33_43cf, version('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'quicv2', 1)],
  // draft-ietf-quic-tls-29 5.2
  [0xff00_001d, version('afbfec289993d24c9e9786f19c6111e04390a899', 'quic', 0)],
]);

const clientSecret = hkdfLabel('client in', 32);

export function quicVersion(number: number): QuicVersion | undefined {
  return versions.get(number);
}

/**
 * The keys of a client's Initial packets (RFC 9001 5.2). They keep nobody out; they are all in the packet.
 * @param connectionId the destination's in the client's first packet, or in the first after a Retry.
 */
export function clientInitialKeys(version: QuicVersion, connectionId: Buffer): PacketKeys {
  const { key, iv, headerProtection } = version.labels;
  const secret = hmac(hmac(version.salt, connectionId), clientSecret);
  return {
    key: hmac(secret, key).subarray(0, 16),
    iv: hmac(secret, iv).subarray(0, 12),
    headerProtection: hmac(secret, headerProtection).subarray(0, 16),
  };
}

function version(salt: string, labels: string, initialType: number): QuicVersion {
  return {
    initialType,
    retryType: (initialType + 3) % 4,
    salt: Buffer.from(salt, 'hex'),
    labels: {
      key: hkdfLabel(`${labels} key`, 16),
      iv: hkdfLabel(`${labels} iv`, 12),
      headerProtection: hkdfLabel(`${labels} hp`, 16),
    },
  };
}

/** What HKDF-Expand-Label (RFC 8446 7.1) hashes for an output of up to one hash, the number of its block included. */
function hkdfLabel(label: string, length: number): Buffer {
  const name = `tls13 ${label}`;
  return Buffer.concat([Buffer.of(0, length, name.length), Buffer.from(name), Buffer.of(0, 1)]);
}

function hmac(key: Buffer, message: Buffer): Buffer {
  return createHmac('sha256', key).update(message).digest();
}
