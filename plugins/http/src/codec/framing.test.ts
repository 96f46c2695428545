import { describe, expect, it } from 'vitest';
import {
  HttpError,
  parseRequest,
  parseResponse,
  requestFraming,
  requestTarget,
  responseFraming,
  type Framing,
  type RequestTarget,
} from '../codec.js';

function framingOf(fields: readonly string[], version = 'HTTP/1.1'): Framing | number {
  try {
    return requestFraming(parseRequest([`POST http://a/ ${version}`, 'Host: a', ...fields]));
  } catch (error) {
    return (error as HttpError).status;
  }
}

describe("a request's body", () => {
  it.each<[string[], Framing]>([
    [[], { kind: 'none' }],
    [['Content-Length: 0'], { kind: 'length', length: 0 }],
    [['Content-Length: 007'], { kind: 'length', length: 7 }],
    [['Content-Length: 5', 'content-length: 5'], { kind: 'length', length: 5 }],
    [['Content-Length: 5, 5'], { kind: 'length', length: 5 }],
    [['Transfer-Encoding: Chunked'], { kind: 'chunked' }],
    [['Transfer-Encoding: , chunked ,'], { kind: 'chunked' }],
  ])('%j is understood', (fields, framing) => {
    expect(framingOf(fields)).toEqual(framing);
  });

  it.each<[string[], number]>([
    [['Content-Length: 5', 'Transfer-Encoding: chunked'], 400],
    [['Transfer-Encoding: chunked', 'Content-Length: 5'], 400],
    [['Content-Length: 5', 'Content-Length: 6'], 400],
    [['Content-Length: 5, 6'], 400],
    [['Content-Length: 5', 'Content-Length: 05'], 400],
    [['Content-Length: +5'], 400],
    [['Content-Length: -5'], 400],
    [['Content-Length: 0x5'], 400],
    [['Content-Length: 5 5'], 400],
    [['Content-Length: 5,'], 400],
    [['Content-Length:'], 400],
    [['Content-Length: 1e3'], 400],
    [['Content-Length: 9999999999999999'], 400],
    [['Transfer-Encoding: chunked, chunked'], 400],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 400],
    [['Transfer-Encoding: chunked, gzip'], 400],
    [['Transfer-Encoding: xchunked'], 400],
    [['Transfer-Encoding: "chunked"'], 400],
    [['Transfer-Encoding: identity'], 400],
    [['Transfer-Encoding:'], 400],
    [['Transfer-Encoding: chunked;q=1'], 400],
    [['Transfer-Encoding: gzip, chunked'], 501],
  ])('%j is refused', (fields, status) => {
    expect(framingOf(fields)).toBe(status);
  });

  it('is not chunked in HTTP/1.0', () => {
    expect(framingOf(['Transfer-Encoding: chunked'], 'HTTP/1.0')).toBe(400);
  });
});

describe("a response's body", () => {
  const framing = (status: number, fields: readonly string[], method = 'GET'): Framing =>
    responseFraming(parseResponse([`HTTP/1.1 ${status} x`, ...fields]), method);

  it('is delimited as RFC 9112, section 6.3 says', () => {
    expect(framing(200, ['Content-Length: 5'])).toEqual({ kind: 'length', length: 5 });
    expect(framing(200, ['Content-Length: 5', 'Transfer-Encoding: chunked'])).toEqual({ kind: 'chunked' });
    expect(framing(200, [])).toEqual({ kind: 'close' });
    expect(framing(204, ['Content-Length: 5'])).toEqual({ kind: 'none' });
    expect(framing(304, ['Content-Length: 5'])).toEqual({ kind: 'none' });
    expect(framing(200, ['Transfer-Encoding: chunked'], 'HEAD')).toEqual({ kind: 'none' });
  });

  it.each([
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: x'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: gzip'],
  ])('is refused: %s %s', (...fields) => {
    expect(() => framing(200, fields)).toThrow(HttpError);
  });
});

describe('a request target', () => {
  const target = (line: string, options: { transparent?: boolean; fields?: string[] } = {}): RequestTarget =>
    requestTarget(parseRequest([line, ...(options.fields ?? ['Host: other:81'])]), options.transparent ?? false);

  it.each<[string, string, number, string, string]>([
    ['GET http://Example.org HTTP/1.1', 'example.org', 80, 'Example.org', '/'],
    ['GET HTTP://example.org:8080/a/b?c=d HTTP/1.1', 'example.org', 8080, 'example.org:8080', '/a/b?c=d'],
    ['GET http://example.org:/ HTTP/1.1', 'example.org', 80, 'example.org:', '/'],
    ['GET http://example.org?q HTTP/1.1', 'example.org', 80, 'example.org', '/?q'],
    ['GET http://[::1]:81/x HTTP/1.1', '::1', 81, '[::1]:81', '/x'],
    ['GET http://[2001:db8::1] HTTP/1.1', '2001:db8::1', 80, '[2001:db8::1]', '/'],
    ['GET http://a/\xc3\xa4 HTTP/1.1', 'a', 80, 'a', '/\xc3\xa4'],
    ['OPTIONS http://a HTTP/1.1', 'a', 80, 'a', '*'],
    ['OPTIONS http://a/ HTTP/1.1', 'a', 80, 'a', '/'],
    ['CONNECT a:443 HTTP/1.1', 'a', 443, 'a:443', ''],
    ['CONNECT a HTTP/1.1', 'a', 443, 'a', ''],
    ['CONNECT [::1]:22 HTTP/1.1', '::1', 22, '[::1]:22', ''],
    ['CONNECT [::1] HTTP/1.1', '::1', 443, '[::1]', ''],
    ['CONNECT [::ffff:127.0.0.1]:22 HTTP/1.1', '127.0.0.1', 22, '[::ffff:127.0.0.1]:22', ''],
  ])('%s', (line, host, port, authority, path) => {
    expect(target(line)).toMatchObject({ to: { network: 'tcp', host, port }, host: authority, path });
  });

  it.each([
    'GET / HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET https://a/ HTTP/1.1',
    'GET ftp://a/ HTTP/1.1',
    'GET http:///a HTTP/1.1',
    'GET http://u:p@a/ HTTP/1.1',
    'GET http://a:0/ HTTP/1.1',
    'GET http://a:65536/ HTTP/1.1',
    'GET http://a:8x/ HTTP/1.1',
    'GET http://a:1:2/ HTTP/1.1',
    'GET http://::1/ HTTP/1.1',
    'GET http://[::1/ HTTP/1.1',
    'GET http://[::1]x/ HTTP/1.1',
    'GET http://[1.2.3.4]:1x/ HTTP/1.1',
    'GET http://[::g]/ HTTP/1.1',
    'GET http://[fe80::1%25eth0]/ HTTP/1.1',
    'GET http://a\\b/ HTTP/1.1',
    'GET http://\xe4/ HTTP/1.1',
    'GET http://a/#f HTTP/1.1',
    'GET a HTTP/1.1',
    'CONNECT http://a/ HTTP/1.1',
    'CONNECT a:443/ HTTP/1.1',
    'CONNECT a:0 HTTP/1.1',
    'CONNECT :443 HTTP/1.1',
    'CONNECT /run/socket HTTP/1.1',
    'CONNECT @socket HTTP/1.1',
    'CONNECT ::1:443 HTTP/1.1',
  ])('is refused: %s', (line) => {
    expect(() => target(line)).toThrow(HttpError);
  });

  it('is the Host field where requests are taken that somebody redirected', () => {
    expect(target('GET /a HTTP/1.1', { transparent: true })).toMatchObject({
      to: { host: 'other', port: 81 },
      host: 'other:81',
      path: '/a',
    });
    expect(target('OPTIONS * HTTP/1.1', { transparent: true })).toMatchObject({ path: '*' });
    expect(target('GET http://a/ HTTP/1.1', { transparent: true })).toMatchObject({ to: { host: 'a' } });
    expect(() => target('GET /a HTTP/1.0', { transparent: true, fields: [] })).toThrow(HttpError);
    expect(() => target('GET /a HTTP/1.1', { transparent: true, fields: ['Host:'] })).toThrow(HttpError);
  });

  it('comes with one Host field, or none before HTTP/1.1 and for CONNECT', () => {
    expect(() => target('GET http://a/ HTTP/1.1', { fields: [] })).toThrow(HttpError);
    expect(() => target('GET http://a/ HTTP/1.1', { fields: ['Host: a', 'Host: a'] })).toThrow(HttpError);
    expect(target('GET http://a/ HTTP/1.0', { fields: [] })).toMatchObject({ host: 'a' });
    expect(target('CONNECT a:1 HTTP/1.1', { fields: [] })).toMatchObject({ host: 'a:1' });
  });
});
