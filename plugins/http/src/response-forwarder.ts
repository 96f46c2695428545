import { Buffer } from 'node:buffer';
import type { Emit } from '@sluice/plugin-api';
import {
  badResponse,
  BodyForwarder,
  contentLength,
  endToEnd,
  HeadScanner,
  HttpError,
  parseResponse,
  responseFraming,
  type Fields,
  type Framing,
  type ResponseHead,
} from './codec.js';
import type { ProxyRequest } from './request.js';

/** More interim responses than this are not a server's but an attack. */
const MAX_INTERIM = 32;
const SWITCHING = 101;

/**
 * One request's responses on their way to the client: interim ones, the final one, or the switch
 * to another protocol. Pure: bytes of the origin in, bytes for the client out.
 */
export class ResponseForwarder {
  readonly #request: ProxyRequest;
  readonly #mayPersist: () => boolean;
  #scanner = newScanner();
  #body: BodyForwarder | undefined;
  #interim = 0;
  /** The client has been sent a part of the final response. */
  started = false;
  /** The origin has switched protocols: what follows is passed on as it is. */
  switched = false;
  /** The client was told that its connection stays open. */
  persistent = false;

  /** @param mayPersist asked when the final head comes: whether the client can be read on afterwards */
  constructor(request: ProxyRequest, mayPersist: () => boolean) {
    this.#request = request;
    this.#mayPersist = mayPersist;
  }

  get done(): boolean {
    return this.#body?.done === true;
  }

  /**
   * Emits slices of the chunk and memory of its own. What comes after the end is dropped.
   * @throws HttpError 502
   */
  write(chunk: Buffer, emit: Emit): void {
    let rest = chunk;
    while (this.#body === undefined && !this.switched) {
      const used = this.#scanner.write(rest);
      if (used < 0) return;
      rest = rest.subarray(used);
      this.#takeHead(parseResponse(this.#scanner.lines()), emit);
      this.#scanner = newScanner();
    }
    if (rest.length === 0) return;
    if (this.switched) emit(rest);
    else this.#body?.write(rest, emit);
  }

  /** The origin has closed. @throws HttpError 502 if the response is cut off */
  end(emit: Emit): void {
    if (this.#body === undefined) {
      throw new HttpError(502, 'the server closed the connection without a response', 'E_CONN_CLOSED');
    }
    this.#body.end(emit);
  }

  #takeHead(head: ResponseHead, emit: Emit): void {
    if (head.status === SWITCHING) this.#takeSwitch(head, emit);
    else if (head.status < 200) this.#takeInterim(head, emit);
    else this.#takeFinal(head, emit);
  }

  #takeSwitch(head: ResponseHead, emit: Emit): void {
    if (this.#request.upgrade === undefined) throw badResponse('the server switched protocols unasked');
    const upgrade = head.fields.values('upgrade').join(', ') || this.#request.upgrade;
    this.started = true;
    this.switched = true;
    emit(serialise(head, endToEnd(head.fields), `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`));
  }

  #takeInterim(head: ResponseHead, emit: Emit): void {
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) throw badResponse('the server sends interim responses without end');
    // An HTTP/1.0 client would take it for the final one.
    if (this.#request.head.minor > 0) emit(serialise(head, endToEnd(head.fields), ''));
  }

  #takeFinal(head: ResponseHead, emit: Emit): void {
    const request = this.#request;
    const framing = responseFraming(head, request.head.method);
    // A client of HTTP/1.1 gets chunks instead of a body that ends with the connection: it sees a cut, and can go on.
    const chunked = request.head.minor > 0 && (framing.kind === 'chunked' || framing.kind === 'close');
    this.persistent = request.keepAlive && this.#mayPersist();
    this.started = true;
    this.#body = new BodyForwarder(framing, chunked, 502);
    const length = lengthField(head, framing);
    const coding = chunked ? 'Transfer-Encoding: chunked\r\n' : '';
    emit(serialise(head, endToEnd(head.fields), `${length}${coding}${this.persistent ? '' : 'Connection: close\r\n'}`));
  }
}

/** HEAD and 304 may tell the length of the body that they do not have; 204 may not (RFC 9110, section 8.6). */
function lengthField(head: ResponseHead, framing: Framing): string {
  if (framing.kind === 'length') return `Content-Length: ${framing.length}\r\n`;
  if (framing.kind !== 'none' || head.status === 204 || head.fields.has('transfer-encoding')) return '';
  const length = contentLength(head.fields);
  return typeof length === 'number' ? `Content-Length: ${length}\r\n` : '';
}

function serialise(head: ResponseHead, fields: Fields, more: string): Buffer {
  return Buffer.from(`HTTP/1.1 ${head.status} ${head.reason}\r\n${fields.serialise()}${more}\r\n`, 'latin1');
}

function newScanner(): HeadScanner {
  return new HeadScanner({ status: 502, bareLf: true, emptyLines: 'skip' });
}
