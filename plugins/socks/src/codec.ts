import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { formatAddress, parseAddress, type HostPort, type Parsed } from './address.js';

/*
 * The messages of SOCKS 5: RFC 1928, and RFC 1929 for user name and password. Parsers look at the
 * start of their input, answer null while it is incomplete, and need at most 513 bytes.
 */

export const VERSION = 5;
const AUTH_VERSION = 1;

export const Method = { none: 0, password: 2, unacceptable: 0xff } as const;
export const Command = { connect: 1, bind: 2, udpAssociate: 3 } as const;

/** RFC 1928 section 6: the reply field. */
export const Reply = {
  succeeded: 0,
  failure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  ttlExpired: 6,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const;

export interface Credentials {
  readonly user: Buffer;
  readonly pass: Buffer;
}

export interface Request extends HostPort {
  readonly command: number;
}

export interface ServerReply extends HostPort {
  readonly reply: number;
}

export interface UdpHeader extends HostPort {
  /** A number other than 0 marks a piece of a longer packet. */
  readonly fragment: number;
  /** Where the payload begins. */
  readonly length: number;
}

/** The client's methods. */
export function parseGreeting(bytes: Buffer): Parsed<Buffer> | null {
  expect(bytes, VERSION);
  const count = bytes[1];
  if (count === undefined || bytes.length < 2 + count) return null;
  return { value: bytes.subarray(2, 2 + count), length: 2 + count };
}

export function formatGreeting(methods: readonly number[]): Buffer {
  return Buffer.from([VERSION, methods.length, ...methods]);
}

/** The method that the server has chosen. */
export function parseChoice(bytes: Buffer): Parsed<number> | null {
  return parsePair(bytes, VERSION);
}

export function formatChoice(method: number): Buffer {
  return Buffer.from([VERSION, method]);
}

export function parseCredentials(bytes: Buffer): Parsed<Credentials> | null {
  expect(bytes, AUTH_VERSION);
  const userSize = bytes[1];
  if (userSize === undefined) return null;
  const passSize = bytes[2 + userSize];
  if (passSize === undefined || bytes.length < 3 + userSize + passSize) return null;
  const length = 3 + userSize + passSize;
  return { value: { user: bytes.subarray(2, 2 + userSize), pass: bytes.subarray(3 + userSize, length) }, length };
}

/** @param user and `pass` of at most 255 bytes each */
export function formatCredentials({ user, pass }: Credentials): Buffer {
  return Buffer.concat([Buffer.from([AUTH_VERSION, user.length]), user, Buffer.from([pass.length]), pass]);
}

/** Whether the server takes the credentials. */
export function parseAuthResult(bytes: Buffer): Parsed<boolean> | null {
  const parsed = parsePair(bytes, AUTH_VERSION);
  return parsed === null ? null : { value: parsed.value === 0, length: parsed.length };
}

export function formatAuthResult(accepted: boolean): Buffer {
  return Buffer.from([AUTH_VERSION, accepted ? 0 : 1]);
}

export function parseRequest(bytes: Buffer): Parsed<Request> | null {
  const parsed = parseMessage(bytes);
  if (parsed === null) return null;
  return { value: { command: bytes.readUInt8(1), ...parsed.value }, length: parsed.length };
}

export function formatRequest(command: number, host: string, port: number): Buffer {
  return formatMessage(command, host, port);
}

export function parseReply(bytes: Buffer): Parsed<ServerReply> | null {
  // A refusal's address means nothing, and some servers send none or a malformed one.
  expect(bytes, VERSION);
  const reply = bytes[1];
  if (reply !== undefined && reply !== Reply.succeeded)
    return { value: { reply, host: '0.0.0.0', port: 0 }, length: bytes.length };
  const parsed = parseMessage(bytes);
  return parsed === null ? null : { value: { reply: Reply.succeeded, ...parsed.value }, length: parsed.length };
}

export function formatReply(reply: number, host = '0.0.0.0', port = 0): Buffer {
  return formatMessage(reply, host, port);
}

/** The header of a relayed packet; null if there is none. @throws SluiceError as parseAddress */
export function parseUdpHeader(packet: Buffer): UdpHeader | null {
  if (packet.length < 4) return null;
  const address = parseAddress(packet, 3);
  if (address === null) return null;
  return { fragment: packet.readUInt8(2), ...address.value, length: 3 + address.length };
}

export function formatUdpHeader(host: string, port: number): Buffer {
  return Buffer.concat([Buffer.alloc(3), formatAddress(host, port)]);
}

function parsePair(bytes: Buffer, version: number): Parsed<number> | null {
  expect(bytes, version);
  const value = bytes[1];
  return value === undefined ? null : { value, length: 2 };
}

/** Requests and replies have one layout: version, code, a reserved byte, an address. */
function parseMessage(bytes: Buffer): Parsed<HostPort> | null {
  expect(bytes, VERSION);
  const address = parseAddress(bytes, 3);
  return address === null ? null : { value: address.value, length: 3 + address.length };
}

function formatMessage(code: number, host: string, port: number): Buffer {
  return Buffer.concat([Buffer.from([VERSION, code, 0]), formatAddress(host, port)]);
}

/** Fails on the first wrong byte, without waiting for the rest. */
function expect(bytes: Buffer, version: number): void {
  if (bytes.length === 0 || bytes[0] === version) return;
  throw new SluiceError('E_PROTOCOL', `a SOCKS message begins with ${bytes[0]} where ${version} is due`);
}
