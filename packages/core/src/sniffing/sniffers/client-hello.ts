import type { Buffer } from 'node:buffer';
import { domainName } from './domain-name.js';

/** Of a handshake message: its type and the length of its body. */
const handshakeHeaderLength = 4;
/** A ClientHello's, header included, in bytes. Real ones have 200 to 4,000. */
export const helloLimit = 65_536;

const clientHelloType = 1;
const serverNameExtension = 0;
const hostNameType = 0;

/** Whether a handshake message that begins with these bytes (one or more) can be a ClientHello of a length we take. */
export function isHelloStart(start: Buffer): boolean {
  if (start[0] !== clientHelloType) return false;
  // Legacy version, random and the least of all vectors.
  if (start.length < handshakeHeaderLength) return start.length < 2 || start[1] === 0;
  const length = start.readUIntBE(1, 3);
  if (length < 38 || length > helloLimit - handshakeHeaderLength) return false;
  // SSL 3.0 to TLS 1.3 all say 3 here.
  return start.length === handshakeHeaderLength || start[handshakeHeaderLength] === 3;
}

/** How long the message is, header included; undefined as long as that is not known. */
export function handshakeLength(start: Buffer): number | undefined {
  return start.length < handshakeHeaderLength ? undefined : handshakeHeaderLength + start.readUIntBE(1, 3);
}

/**
 * What a complete ClientHello names (RFC 8446 4.1.2, RFC 6066 3); undefined when it is broken. A name that is none, or
 * an address, is left out.
 * @param hello with its header and nothing behind it.
 */
export function readHello(hello: Buffer): { readonly serverName?: string | undefined } | undefined {
  const sessionId = handshakeHeaderLength + 2 + 32;
  const ciphers = sessionId + 1 + byte(hello, sessionId);
  const compressions = ciphers + 2 + word(hello, ciphers);
  const extensions = compressions + 1 + byte(hello, compressions);
  if (extensions > hello.length) return undefined;
  // Before TLS 1.2 there might be none.
  if (extensions === hello.length) return {};
  if (extensions + 2 + word(hello, extensions) !== hello.length) return undefined;
  let serverName: string | undefined;
  for (let at = extensions + 2; at < hello.length;) {
    const end = at + 4 + word(hello, at + 2);
    if (end > hello.length) return undefined;
    if (word(hello, at) === serverNameExtension) serverName ??= readServerNames(hello.subarray(at + 4, end));
    at = end;
  }
  return { serverName };
}

function readServerNames(extension: Buffer): string | undefined {
  const end = 2 + word(extension, 0);
  if (end !== extension.length) return undefined;
  for (let at = 2; at < end;) {
    const next = at + 3 + word(extension, at + 1);
    if (next > end) return undefined;
    if (extension[at] === hostNameType) return domainName(extension.toString('latin1', at + 3, next));
    at = next;
  }
  return undefined;
}

// Behind the end all lengths are such that no vector fits.
function byte(bytes: Buffer, at: number): number {
  return bytes[at] ?? Infinity;
}

function word(bytes: Buffer, at: number): number {
  return at + 2 <= bytes.length ? bytes.readUInt16BE(at) : Infinity;
}
