import type { Buffer } from 'node:buffer';
import { PrefixReader } from './prefix-reader.js';
import {
  ContentType,
  ExtensionType,
  HANDSHAKE_HEADER,
  HandshakeType,
  MAX_CIPHERTEXT,
  RANDOM_LENGTH,
  RECORD_HEADER,
  TLS_1_2,
  TLS_1_3,
} from './tls.js';

/** What the beginning of a real server's answer looks like from outside. */
export interface HostProfile {
  /**
   * Bytes of a record's payload that is as long as the encrypted part of the server's first flight:
   * one that comes as several records counts with their headers.
   */
  readonly encryptedLength: number;
  /** What it chose, if that is known. */
  readonly cipherSuite?: number;
  readonly group?: number;
  /** The types of the ServerHello's extensions, in its order. */
  readonly extensions?: readonly number[];
}

/**
 * What has come of a first flight: `more` while its last record is incomplete, `foreign` if it is
 * no flight of TLS 1.3 (an alert, an older version, a HelloRetryRequest, another protocol).
 */
export type FirstFlight = 'more' | 'foreign' | HostProfile;

/** The random of a ServerHello that is a HelloRetryRequest (RFC 8446, section 4.1.3): SHA-256 of that word. */
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

/** Sizes of certificates' flights as they are found in the wild, in bytes. */
const USUAL_LEAST = 2_400;
const USUAL_SPAN = 1_800;

/**
 * Sums up a server's first flight from all bytes that it has sent so far. Only its silence tells
 * that it waits for the client: read on until then, and take the last answer.
 */
export function readFirstFlight(bytes: Buffer): FirstFlight {
  let hello: Omit<HostProfile, 'encryptedLength'> | undefined;
  let encrypted = 0;
  let at = 0;
  while (at < bytes.length) {
    const header = new PrefixReader(bytes.subarray(at), RECORD_HEADER);
    const type = header.uint8();
    const version = header.uint16();
    const length = header.uint16();
    if (header.state === 'short') return mayBegin(type, hello !== undefined) ? 'more' : 'foreign';
    if (version !== TLS_1_2 || length === 0 || length > MAX_CIPHERTEXT) return 'foreign';
    if (!mayBegin(type, hello !== undefined)) return 'foreign';
    const start = at + RECORD_HEADER;
    at = start + length;
    if (at > bytes.length) return 'more';
    if (type === ContentType.handshake) {
      hello = readServerHello(bytes.subarray(start, at));
      if (hello === undefined) return 'foreign';
    } else if (type === ContentType.applicationData) {
      encrypted += RECORD_HEADER + length;
    }
  }
  if (hello === undefined || encrypted === 0) return 'more';
  return { encryptedLength: encrypted - RECORD_HEADER, ...hello };
}

/** What to send where the real host is not known: always the same for a name, different for different ones. */
export function plausibleProfile(serverName: string): HostProfile {
  let sum = 0;
  for (let i = 0; i < serverName.length; i += 1) sum = (sum * 31 + serverName.charCodeAt(i)) % 65_521;
  return { encryptedLength: USUAL_LEAST + (sum % USUAL_SPAN) };
}

/** Whether a record of that type may come: first the hello in the clear, then all but that. */
function mayBegin(type: number, afterHello: boolean): boolean {
  if (!afterHello) return type === ContentType.handshake;
  return type === ContentType.changeCipherSpec || type === ContentType.applicationData;
}

/** RFC 8446, section 4.1.3. A record holds nothing after it, as what follows is encrypted. */
function readServerHello(message: Buffer): Omit<HostProfile, 'encryptedLength'> | undefined {
  const read = new PrefixReader(message, message.length);
  if (read.uint8() !== HandshakeType.serverHello) return undefined;
  read.bytes(HANDSHAKE_HEADER - 1);
  read.uint16();
  const isRetry = read.bytes(RANDOM_LENGTH).toString('hex') === RETRY;
  read.bytes(read.uint8());
  const cipherSuite = read.uint16();
  read.uint8();
  const extensions: number[] = [];
  let version = 0;
  let group = 0;
  const all = read.enterLast(read.uint16());
  while (!read.isAtEnd) {
    const type = read.uint16();
    const length = read.uint16();
    const outer = read.enter(length);
    extensions.push(type);
    if (type === ExtensionType.supportedVersions) version = read.uint16();
    else if (type === ExtensionType.keyShare) {
      group = read.uint16();
      read.bytes(read.uint16());
    } else read.bytes(length);
    read.leave(outer);
  }
  read.leave(all);
  return read.state === 'ok' && !isRetry && version === TLS_1_3 ? { cipherSuite, group, extensions } : undefined;
}
