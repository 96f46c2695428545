import type { Fields } from './fields.js';
import type { RequestHead, ResponseHead } from './head.js';
import { badRequest, badResponse, HttpError } from './http-error.js';

/** How a message's body is delimited (RFC 9112, section 6). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** The body ends with the connection; responses only. */
  | { readonly kind: 'close' };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };

/**
 * A request's body. Whatever two readers could see differently is refused.
 * @throws HttpError 400, 501 for a transfer coding other than chunked
 */
export function requestFraming(head: RequestHead): Framing {
  const { fields } = head;
  if (fields.has('transfer-encoding')) {
    if (head.minor === 0) throw badRequest('HTTP/1.0 has no Transfer-Encoding');
    if (fields.has('content-length')) throw badRequest('the request has both Transfer-Encoding and Content-Length');
    const codings = fields.list('transfer-encoding');
    if (codings.length === 1 && codings[0] === 'chunked') return CHUNKED;
    if (codings.length === 0 || codings.indexOf('chunked') !== codings.length - 1)
      throw badRequest('chunked is not the only last transfer coding');
    throw new HttpError(501, 'the transfer coding is not known', 'E_UNSUPPORTED');
  }
  const length = contentLength(fields);
  if (length === null) throw badRequest('the Content-Length is malformed');
  return length === undefined ? NONE : { kind: 'length', length };
}

/**
 * The body of a final response to a request of that method.
 * @throws HttpError 502
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const { status, fields } = head;
  if (method === 'HEAD' || status === 204 || status === 304) return NONE;
  if (fields.has('transfer-encoding')) {
    // Wins over Content-Length, which is not passed on then: the connection serves this one only.
    const codings = fields.list('transfer-encoding');
    if (codings.length === 1 && codings[0] === 'chunked') return CHUNKED;
    throw badResponse('the response has a transfer coding that nobody asked for');
  }
  const length = contentLength(fields);
  if (length === null) throw badResponse('the Content-Length is malformed');
  return length === undefined ? { kind: 'close' } : { kind: 'length', length };
}

/** Undefined if there is none, null if it is malformed or there are several that differ. */
export function contentLength(fields: Fields): number | undefined | null {
  const values = fields.values('content-length').flatMap((value) => value.split(/[ \t]*,[ \t]*/));
  const [first] = values;
  if (first === undefined) return undefined;
  // Fifteen digits stay below 2^53.
  if (!/^\d{1,15}$/.test(first) || values.some((value) => value !== first)) return null;
  return Number(first);
}
