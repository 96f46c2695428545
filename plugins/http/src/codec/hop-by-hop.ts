import type { Fields } from './fields.js';

/** What speaks of one connection only and is not passed on (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Rewritten from what the message was understood to mean, never copied. */
const REWRITTEN = new Set(['content-length', 'host', 'http2-settings']);

/** What may not come after the body, since it decides how a message is read (RFC 9110, 6.5.1). */
const NOT_IN_TRAILERS = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'max-forwards',
  'pragma',
  'set-cookie',
]);

/** The fields of a head that are passed on. */
export function endToEnd(fields: Fields): Fields {
  const named = new Set(fields.list('connection'));
  return fields.without((key) => HOP_BY_HOP.has(key) || REWRITTEN.has(key) || named.has(key));
}

/** The fields of a trailer section that are passed on. */
export function endToEndTrailers(fields: Fields): Fields {
  return endToEnd(fields).without((key) => NOT_IN_TRAILERS.has(key));
}
