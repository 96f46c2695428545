import { Fields } from './fields.js';
import { badRequest, badResponse, HttpError } from './http-error.js';

/** A request's head. Text is latin1: one character a byte. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** The x of HTTP/1.x. */
  readonly minor: number;
  readonly fields: Fields;
}

/** A response's head. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: number;
  readonly fields: Fields;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/(\d)\.(\d)$/;
const STATUS_LINE = /^HTTP\/(\d)\.(\d) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/** The lines of a request's head (RFC 9112, section 3). @throws HttpError 400, 431, 505 */
export function parseRequest(lines: readonly string[]): RequestHead {
  const [, method, target, major, minor] = REQUEST_LINE.exec(lines[0] ?? '') ?? [];
  if (method === undefined || target === undefined) throw badRequest('the request line is malformed');
  if (major !== '1') throw new HttpError(505, 'the request is not of HTTP/1');
  return { method, target, minor: Number(minor), fields: Fields.parse(lines.slice(1), { status: 400 }) };
}

/** The lines of a response's head (RFC 9112, section 4). @throws HttpError 502, 431 */
export function parseResponse(lines: readonly string[]): ResponseHead {
  const [, major, minor, status, reason] = STATUS_LINE.exec(lines[0] ?? '') ?? [];
  if (status === undefined || major !== '1') throw badResponse('the status line is malformed');
  const fields = Fields.parse(lines.slice(1), { status: 502, folded: true });
  return { status: Number(status), reason: reason ?? '', minor: Number(minor), fields };
}
