import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everySplit } from './every-split.fixture.js';
import { httpSniffer } from './http.js';

const example = { protocol: 'http', domain: 'www.example.com' };
const nameless = { protocol: 'http' };

function sniff(text: string): unknown {
  return httpSniffer.sniff([Buffer.from(text, 'latin1')], 'tcp');
}

describe('the http sniffer', () => {
  it.each([
    ['a request', 'GET / HTTP/1.1\r\nHost: www.example.com\r\n'],
    ['Host later on', 'POST /a?b HTTP/1.1\r\nUser-Agent: x\r\nX-Host: y\r\nhOST:WWW.Example.com. \t\r\n\r\nbody'],
    ['a port', 'HEAD / HTTP/1.0\r\nHost: www.example.com:8080\r\n\r\n'],
    ['bare line feeds', 'PUT /x HTTP/1.1\nHost: www.example.com\n\n'],
    ['the first of two', 'GET / HTTP/1.1\r\nHost: www.example.com\r\nHost: other.example\r\n\r\n'],
    ['an absolute target', 'GET http://www.example.com/x?y=http://z HTTP/1.1\r\nHost: other.example\r\n\r\n'],
    ['an absolute target with all parts', 'GET HTTPS://u:p@WWW.example.com:8443?q HTTP/1.1\r\n\r\n'],
    ['an absolute target without a path', 'OPTIONS http://www.example.com HTTP/1.1\r\n\r\n'],
    ['a tunnel', 'CONNECT www.example.com:443 HTTP/1.1\r\nHost: other.example\r\n\r\n'],
    ['WebDAV', 'PROPFIND /dav HTTP/1.1\r\nDepth: 1\r\nHost: www.example.com\r\n\r\n'],
    ['lower case', 'get / http/1.1\r\nhost: www.example.com\r\n\r\n'],
    ['a target with bytes beyond ASCII', 'GET /\u00e4\u00ff HTTP/1.1\r\nHost: www.example.com\r\n\r\n'],
    ['a line that is no field before it', 'GET / HTTP/1.1\r\nnonsense\r\nHost: www.example.com\r\n\r\n'],
  ])('finds the host: %s', (_what, text) => {
    expect(everySplit(httpSniffer, Buffer.from(text, 'latin1'))).toEqual(example);
  });

  it.each([
    ['no Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
    ['an address', 'GET / HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n'],
    ['an IPv6 address', 'GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n'],
    ['a broken name', 'GET / HTTP/1.1\r\nHost: www..example.com\r\n\r\n'],
    ['two names', 'GET / HTTP/1.1\r\nHost: a.example b.example\r\nX: y\r\n\r\n'],
    ['Host in the body only', 'POST / HTTP/1.1\r\nX: y\r\n\r\nHost: www.example.com\r\n\r\n'],
    ['a name with a space before the colon', 'GET / HTTP/1.1\r\nHost : www.example.com\r\n\r\n'],
    ['all of a server', 'OPTIONS * HTTP/1.1\r\n\r\n'],
    ['a tunnel to an address', 'CONNECT [::1]:443 HTTP/1.1\r\nHost: www.example.com\r\n\r\n'],
    ['two users', 'GET http://a@b.example@c.example/ HTTP/1.1\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0'],
  ])('knows a request without a name: %s', (_what, text) => {
    expect(everySplit(httpSniffer, Buffer.from(text, 'latin1'))).toEqual(nameless);
  });

  it.each([
    ['another protocol with such methods', 'OPTIONS rtsp://www.example.com RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
    ['SIP', 'OPTIONS sip:a@www.example.com SIP/2.0\r\n\r\n'],
    ['an unknown method', 'HELO www.example.com\r\n'],
    ['a method that only begins like one', 'GETS / HTTP/1.1\r\n\r\n'],
    ['no target', 'GET  HTTP/1.1\r\n\r\n'],
    ['two spaces', 'GET /  HTTP/1.1\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n'],
    ['control characters', 'GET /\x01 HTTP/1.1\r\n\r\n'],
    ['a carriage return within the line', 'GET /\rx HTTP/1.1\r\n\r\n'],
    ['an empty line first', '\r\nGET / HTTP/1.1\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a kind of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nXX'],
  ])('does not take %s', (_what, text) => {
    expect(everySplit(httpSniffer, text)).toBe('no');
  });

  it('waits for the whole of the line with the host', () => {
    expect(sniff('')).toBe('more');
    expect(sniff('G')).toBe('more');
    expect(sniff('GET / HTTP/1.1\r\n')).toBe('more');
    expect(sniff('GET / HTTP/1.1\r\nHost: www.exam')).toBe('more');
    expect(sniff('GET / HTTP/1.1\r\nHost: www.example.com')).toBe('more');
  });

  it('says no as soon as it can', () => {
    for (const start of ['X', 'GEX', 'GET /\0', 'POST /a\x7f', 'PRI x', 'SEARCHX']) expect(sniff(start)).toBe('no');
  });

  it('gives up after 8 KiB', () => {
    const start = 'GET / HTTP/1.1\r\nCookie: ';
    const filler = (length: number): string => start + 'x'.repeat(length - start.length - 2) + '\r\n';
    const host = 'Host: www.example.com\r\n';
    expect(sniff(filler(8_192 - host.length) + host)).toEqual(example);
    expect(sniff(filler(8_193 - host.length) + host)).toEqual(nameless);
    expect(sniff(filler(8_192).slice(0, -3))).toBe('more');
    expect(sniff(filler(8_192))).toEqual(nameless);
    expect(sniff(`GET /${'x'.repeat(8_186)}`)).toBe('more');
    expect(sniff(`GET /${'x'.repeat(8_187)}`)).toBe('no');
  });

  it('finds any name behind any fields, at every split', () => {
    const token = fc.stringMatching(/^[a-z-]{1,12}$/);
    const fields = fc.array(fc.tuple(token, fc.stringMatching(/^[ -~]{0,20}$/)), { maxLength: 4 });
    fc.assert(
      fc.property(
        fields,
        fc.domain().filter((name) => name.length <= 253),
        fc.constantFrom('', ':80', ':'),
        (others, domain, port) => {
          const lines = others.filter(([name]) => name !== 'host').map(([name, value]) => `${name}: ${value}\r\n`);
          const text = `GET /x HTTP/1.1\r\n${lines.join('')}Host: ${domain}${port}\r\n\r\n`;
          expect(everySplit(httpSniffer, text)).toEqual({ protocol: 'http', domain: domain.toLowerCase() });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('never throws, and takes nothing that is random for a request', () => {
    const real = Buffer.from('GET /path HTTP/1.1\r\nAccept: */*\r\nHost: www.example.com\r\n\r\n');
    const change = fc.tuple(fc.nat({ max: real.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(real);
        for (const [at, value] of changes) bytes[at] = value;
        everySplit(httpSniffer, bytes);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        expect(['more', 'no']).toContain(httpSniffer.sniff([Buffer.from(random)], 'tcp'));
      }),
      { numRuns: 500 },
    );
  });
});
