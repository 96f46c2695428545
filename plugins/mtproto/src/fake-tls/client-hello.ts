import type { Buffer } from 'node:buffer';
import { PrefixReader } from './prefix-reader.js';
import { ExtensionType, HANDSHAKE_HEADER, HandshakeType, RANDOM_LENGTH, RECORD_HEADER, TLS_1_2 } from './tls.js';

/** No list of a real client comes near; what is longer is no hello of ours. */
const MAX_EXTENSIONS = 128;
const MAX_LIST_BYTES = 1024;
const MAX_SESSION_ID = 32;
const MAX_SERVER_NAME = 255;
const HOST_NAME = 0;

export interface KeyShare {
  /** RFC 8446, section 4.2.7. */
  readonly group: number;
  readonly key: Buffer;
}

/** A ClientHello (RFC 8446, section 4.1.2). The buffers are views of `record`. */
export interface ClientHello {
  /** All of it as the one TLS record that the client built, whatever became of that on the way. */
  readonly record: Buffer;
  /** 32 bytes. */
  readonly random: Buffer;
  /** At most 32 bytes. */
  readonly sessionId: Buffer;
  readonly cipherSuites: readonly number[];
  /** The SNI host name as sent; undefined without one. */
  readonly serverName: string | undefined;
  readonly supportedGroups: readonly number[];
  readonly keyShares: readonly KeyShare[];
  readonly supportedVersions: readonly number[];
  readonly alpn: readonly string[];
}

/** What the extensions say. */
interface Extensions {
  serverName: string | undefined;
  supportedGroups: readonly number[];
  keyShares: readonly KeyShare[];
  supportedVersions: readonly number[];
  alpn: readonly string[];
}

/** The whole hello in its one record, or `foreign`: it is none, or not one that a server would take. */
export function parseClientHello(record: Buffer): ClientHello | 'foreign' {
  const message = record.subarray(RECORD_HEADER);
  const read = new PrefixReader(message, message.length);
  const fields = readMessage(read);
  return fields === undefined ? 'foreign' : { record, ...fields };
}

/** Whether a message of that length can still be a ClientHello, going by the part of it that has come. */
export function mayBeClientHello(message: Buffer, length: number): boolean {
  const read = new PrefixReader(message, length);
  readMessage(read);
  return read.state !== 'broken';
}

/** All between record header and end. Undefined, with the reason in the reader's state, if there is not enough or too much. */
function readMessage(read: PrefixReader): Omit<ClientHello, 'record'> | undefined {
  if (read.uint8() !== HandshakeType.clientHello) read.fail();
  // The length: whoever knows it has checked it.
  read.bytes(HANDSHAKE_HEADER - 1);
  if (read.uint16() !== TLS_1_2) read.fail();
  const random = read.bytes(RANDOM_LENGTH);
  const sessionIdLength = read.uint8();
  if (sessionIdLength > MAX_SESSION_ID) read.fail();
  const sessionId = read.bytes(sessionIdLength);
  const cipherSuites = readNumbers(read, read.uint16());
  const compressions = read.uint8();
  if (compressions === 0) read.fail();
  read.bytes(compressions);
  const extensions = readExtensions(read);
  return read.state === 'ok' ? { random, sessionId, cipherSuites, ...extensions } : undefined;
}

function readExtensions(read: PrefixReader): Extensions {
  const found: Extensions = {
    serverName: undefined,
    supportedGroups: [],
    keyShares: [],
    supportedVersions: [],
    alpn: [],
  };
  if (read.isAtEnd) return found;
  const all = read.enterLast(read.uint16());
  const seen = new Set<number>();
  while (!read.isAtEnd) {
    const type = read.uint16();
    const length = read.uint16();
    if (seen.has(type) || seen.size === MAX_EXTENSIONS) read.fail();
    seen.add(type);
    const outer = read.enter(length);
    readExtension(read, type, length, found);
    read.leave(outer);
  }
  read.leave(all);
  return found;
}

function readExtension(read: PrefixReader, type: number, length: number, found: Extensions): void {
  switch (type) {
    case ExtensionType.serverName:
      found.serverName = readServerName(read);
      break;
    case ExtensionType.supportedGroups:
      found.supportedGroups = readNumbers(read, read.uint16());
      break;
    case ExtensionType.supportedVersions:
      found.supportedVersions = readNumbers(read, read.uint8());
      break;
    case ExtensionType.keyShare:
      found.keyShares = readKeyShares(read);
      break;
    case ExtensionType.alpn:
      found.alpn = readProtocols(read);
      break;
    default:
      read.bytes(length);
  }
}

/** A list of two-byte numbers, of at least one. */
function readNumbers(read: PrefixReader, bytes: number): readonly number[] {
  if (bytes === 0 || bytes % 2 !== 0 || bytes > MAX_LIST_BYTES) read.fail();
  const numbers: number[] = [];
  const outer = read.enter(bytes);
  while (!read.isAtEnd) numbers.push(read.uint16());
  read.leave(outer);
  return numbers;
}

/** RFC 6066, section 3. Only host names have ever been defined, and a list holds one of them. */
function readServerName(read: PrefixReader): string {
  const outer = read.enter(read.uint16());
  if (read.uint8() !== HOST_NAME) read.fail();
  const length = read.uint16();
  if (length === 0 || length > MAX_SERVER_NAME) read.fail();
  const name = read.bytes(length).toString();
  read.leave(outer);
  return name;
}

function readKeyShares(read: PrefixReader): readonly KeyShare[] {
  const shares: KeyShare[] = [];
  const outer = read.enter(read.uint16());
  while (!read.isAtEnd) {
    if (shares.length === MAX_EXTENSIONS) read.fail();
    const group = read.uint16();
    const length = read.uint16();
    if (length === 0) read.fail();
    shares.push({ group, key: read.bytes(length) });
  }
  read.leave(outer);
  return shares;
}

/** RFC 7301, section 3.1. */
function readProtocols(read: PrefixReader): readonly string[] {
  const protocols: string[] = [];
  const bytes = read.uint16();
  if (bytes === 0 || bytes > MAX_LIST_BYTES) read.fail();
  const outer = read.enter(bytes);
  while (!read.isAtEnd) {
    const length = read.uint8();
    if (length === 0) read.fail();
    protocols.push(read.bytes(length).toString('latin1'));
  }
  read.leave(outer);
  return protocols;
}
