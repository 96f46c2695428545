import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { SluiceError } from '@sluice/plugin-api';

/**
 * What clients may use under a secret: whatever the inbound accepts, only the padded framing
 * without TLS, or only fake TLS.
 */
export type SecretMode = 'plain' | 'padded' | 'tls';

export interface Secret {
  readonly mode: SecretMode;
  /** 16 bytes. */
  readonly key: Buffer;
  /** The server name that clients use, lower-case ASCII; with mode "tls" only. */
  readonly domain?: string;
}

const KEY_LENGTH = 16;
const PADDED = 0xdd;
const TLS = 0xee;
/** Bytes; TDLib takes no longer one. */
const MAX_DOMAIN_LENGTH = 182;
/** Characters; the longest secret needs 398 in hexadecimal. */
const MAX_TEXT_LENGTH = 512;

const HOST_NAME =
  /^(?=.{1,182}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * A secret, or the sentence that says what is wrong with the text. Never repeats the text.
 * Takes hexadecimal digits, base64 and base64url, the latter two padded or not. What has 32 or 34
 * hexadecimal digits is never base64.
 */
export function parseSecret(text: string): Secret | string {
  if (text === '') return 'the secret is empty: 32 hexadecimal digits are the shortest form';
  if (text.length > MAX_TEXT_LENGTH) return 'the secret is longer than any can be';
  const isHex = /^[0-9a-f]+$/i.test(text);
  if (isHex && /^ee/i.test(text) && text.length > 2 * KEY_LENGTH && text.length % 2 !== 0) {
    return 'a fake TLS secret ("ee…") in hexadecimal has an even number of digits; this one lacks one or has one too many';
  }
  if (isHex && (text.length === 32 || text.length === 34 || (/^ee/i.test(text) && text.length > 34))) {
    return fromBytes(Buffer.from(text, 'hex')) ?? wrongHex(text);
  }
  const bytes = decodeBase64(text);
  const secret = bytes === undefined ? undefined : fromBytes(bytes);
  if (secret !== undefined) return secret;
  if (isHex) return wrongHex(text);
  return bytes === undefined
    ? 'a secret is written in hexadecimal digits, base64 or base64url, and this is none of them'
    : `a secret has 16 bytes, or "dd" and 16, or "ee", 16 and a domain; read as base64, this one is none of them (${bytes.length} bytes)`;
}

/** @param encoding default hex; base64url comes without padding, as links have it */
export function formatSecret(secret: Secret, encoding: 'hex' | 'base64url' = 'hex'): string {
  return toBytes(secret).toString(encoding);
}

/** A random one. @param domain for mode "tls" only @throws SluiceError E_ADDRESS_INVALID if that is no host name */
export function newSecret(mode: SecretMode, domain?: string): Secret {
  const key = randomBytes(KEY_LENGTH);
  if (mode !== 'tls') return { mode, key };
  const name = hostNameOf(domain ?? '');
  if (name !== undefined) return { mode, key, domain: name };
  throw new SluiceError(
    'E_ADDRESS_INVALID',
    `a fake TLS secret needs a host name of at most ${MAX_DOMAIN_LENGTH} bytes, such as www.example.org`,
  );
}

/**
 * A name that a TLS client can ask for, in lower case; undefined if the text is no such name. An
 * IP address is none (RFC 6066, section 3).
 */
export function hostNameOf(text: string): string | undefined {
  const name = text.toLowerCase();
  return HOST_NAME.test(name) && isIP(name) === 0 ? name : undefined;
}

function toBytes({ mode, key, domain = '' }: Secret): Buffer {
  if (mode === 'plain') return key;
  return Buffer.concat([Buffer.of(mode === 'padded' ? PADDED : TLS), key, Buffer.from(mode === 'tls' ? domain : '')]);
}

/** Undefined if the bytes have the form of no secret, a sentence if they nearly have. */
function fromBytes(bytes: Buffer): Secret | string | undefined {
  if (bytes.length === KEY_LENGTH) return { mode: 'plain', key: bytes };
  const key = bytes.subarray(1, 1 + KEY_LENGTH);
  if (bytes[0] === PADDED && bytes.length === 1 + KEY_LENGTH) return { mode: 'padded', key };
  if (bytes[0] !== TLS || bytes.length < 1 + KEY_LENGTH) return undefined;
  const name = bytes.subarray(1 + KEY_LENGTH);
  if (name.length === 0) return 'a fake TLS secret ("ee…") ends with the domain that clients name; this one has none';
  if (name.length > MAX_DOMAIN_LENGTH) {
    return `the domain of a fake TLS secret ("ee…") has at most ${MAX_DOMAIN_LENGTH} bytes; this one has ${name.length}`;
  }
  const domain = hostNameOf(name.toString('latin1'));
  if (domain === undefined) return 'the domain at the end of this fake TLS secret ("ee…") is not a host name';
  return { mode: 'tls', key, domain };
}

/** Undefined for what no encoder writes: mixed alphabets, wrong padding, bits behind the last byte. */
function decodeBase64(text: string): Buffer | undefined {
  if (!/^(?:[A-Za-z0-9_-]+|[A-Za-z0-9+/]+)={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const digits = text.replace(/=+$/, '');
  const isPadded = digits.length < text.length;
  if (isPadded && text.length % 4 !== 0) return undefined;
  const canonical = bytes.toString('base64url');
  return canonical === digits.replaceAll('+', '-').replaceAll('/', '_') ? bytes : undefined;
}

function wrongHex(text: string): string {
  return `a secret has 32 hexadecimal digits, "dd" and 32 of them, or "ee", 32 of them and a domain in the same way; this one has ${text.length}`;
}
