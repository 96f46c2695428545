import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { bodyDecoder, HeadScanner, HttpError, parseRequest, parseResponse, type ResponseHead } from './codec.js';
import { understand } from './request.js';
import { ResponseForwarder } from './response-forwarder.js';

interface ForwardOptions {
  /** The request's lines. */
  readonly request?: readonly string[];
  readonly mayPersist?: boolean;
  /** The origin closes after the last part. */
  readonly ends?: boolean;
}

const get = ['GET http://a/ HTTP/1.1', 'Host: a'];

function forward(
  parts: readonly Buffer[],
  options: ForwardOptions = {},
): { out: string; forwarder: ResponseForwarder } {
  const request = understand(parseRequest(options.request ?? get), false);
  const forwarder = new ResponseForwarder(request, () => options.mayPersist ?? true);
  const out: Buffer[] = [];
  for (const part of parts) forwarder.write(part, (bytes) => void out.push(Buffer.from(bytes)));
  if (options.ends === true) forwarder.end((bytes) => void out.push(Buffer.from(bytes)));
  return { out: Buffer.concat(out).toString('latin1'), forwarder };
}

function forwardText(text: string, options: ForwardOptions = {}): { out: string; forwarder: ResponseForwarder } {
  return forward([Buffer.from(text, 'latin1')], options);
}

/** All responses in a text, their chunks put together. */
function understood(text: string): { head: ResponseHead; body: string }[] {
  const found: { head: ResponseHead; body: string }[] = [];
  for (let rest = Buffer.from(text, 'latin1'); rest.length > 0;) {
    const scanner = new HeadScanner({ status: 502, emptyLines: 'skip' });
    rest = rest.subarray(scanner.write(rest));
    const head = parseResponse(scanner.lines());
    const decoder = bodyDecoder(head.status === 200 ? { kind: 'chunked' } : { kind: 'none' }, 502);
    let body = '';
    rest = rest.subarray(decoder.write(rest, (bytes) => void (body += bytes.toString('latin1'))));
    found.push({ head, body });
  }
  return found;
}

describe('a response on its way to the client', () => {
  it('is the same at every split point', () => {
    const wire =
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\nX: y\r\n\r\n';
    const bytes = Buffer.from(wire);
    const whole = JSON.stringify(understood(forward([bytes]).out));
    expect(understood(forward([bytes]).out).map(({ head, body }) => [head.status, body])).toEqual([
      [103, ''],
      [200, 'hello world'],
    ]);
    for (let at = 0; at <= bytes.length; at += 1) {
      const { out, forwarder } = forward([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(JSON.stringify(understood(out))).toBe(whole);
      expect(forwarder).toMatchObject({ done: true, persistent: true });
    }
  });

  it('loses what concerned only the origin and us', () => {
    const wire =
      'HTTP/1.0 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nTrailer: X\r\nUpgrade: h2\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi';
    expect(forwardText(wire).out).toBe(
      'HTTP/1.1 200 OK\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi',
    );
  });

  it('that ends with its connection is chunked for HTTP/1.1, so that the client can go on', () => {
    const { out, forwarder } = forwardText('HTTP/1.1 200 OK\r\n\r\nhello', { ends: true });
    expect(out).toBe('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
    expect(forwarder).toMatchObject({ done: true, persistent: true });
  });

  it('is never chunked, nor followed by another, for HTTP/1.0', () => {
    const request = ['GET http://a/ HTTP/1.0', 'Connection: keep-alive'];
    const wire =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
    const { out, forwarder } = forwardText(wire, { request });
    expect(out).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi');
    expect(forwarder).toMatchObject({ done: true, persistent: false });
  });

  it.each([
    ['HEAD http://a/ HTTP/1.1', '200 OK\r\nContent-Length: 5\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['HEAD http://a/ HTTP/1.1', '200 OK\r\nTransfer-Encoding: chunked\r\n', 'HTTP/1.1 200 OK\r\n\r\n'],
    [
      'GET http://a/ HTTP/1.1',
      '304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n',
      'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n',
    ],
    ['GET http://a/ HTTP/1.1', '204 No Content\r\nContent-Length: 5\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('has no body: %s, %j', (line, head, out) => {
    const result = forwardText(`HTTP/1.1 ${head}\r\nHTTP/1.1 200 smuggled\r\n\r\n`, { request: [line, 'Host: a'] });
    expect(result.out).toBe(out);
    expect(result.forwarder.done).toBe(true);
  });

  it.each([
    [['GET http://a/ HTTP/1.1', 'Host: a', 'Connection: Close'], true],
    [['GET http://a/ HTTP/1.1', 'Host: a', 'Proxy-Connection: close'], true],
    [get, false],
  ])('says that it is the last one (%j)', (request, mayPersist) => {
    const { out, forwarder } = forwardText('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { request, mayPersist });
    expect(out).toContain('\r\nConnection: close\r\n');
    expect(forwarder.persistent).toBe(false);
  });

  it('switches protocols if the client has asked for it', () => {
    const request = [...get, 'Connection: upgrade', 'Upgrade: websocket'];
    const wire =
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: y\r\n\r\n\x81\x00HTTP';
    const { out, forwarder } = forwardText(wire, { request });
    expect(out).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nX: y\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00HTTP',
    );
    expect(forwarder.switched).toBe(true);
    expect(() => forwardText(wire)).toThrow(HttpError);
    expect(() =>
      forwardText(wire, { request: [...get, 'Connection: upgrade, http2-settings', 'Upgrade: h2c'] }),
    ).toThrow(HttpError);
  });

  it.each([
    ['', true],
    ['HTTP/1.1 200 OK\r\nContent-Le', true],
    ['HTTP/1.1 100 Continue\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell', true],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', true],
    ['SSH-2.0-OpenSSH\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nA: \0\r\n\r\n', false],
    ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(33), false],
    [`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}`, false],
  ])('is an error: %j', (wire, ends) => {
    expect(() => forwardText(wire, { ends })).toThrow(HttpError);
  });
});
