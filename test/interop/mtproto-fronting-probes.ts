import { randomBytes } from 'node:crypto';
import { clientHello, fragmented, signHello, sslv2Hello, type HelloOptions } from './client-hello.js';
import type { Probe, Step } from './prober.js';

const names = { right: 'front.example', second: 'second.example', unknown: 'other.example' };

/** What strangers send, none of which opens the proxy. `key`: the secret's, for hellos that fail for another reason. */
export function strangersProbes(key: Buffer): readonly Probe[] {
  const now = Math.floor(Date.now() / 1000);
  const hello = clientHello({ serverName: names.right });
  const large = clientHello({ serverName: names.right, length: 1750 });
  return [
    ...bothWays('nothing', []),
    ...bothWays('one byte of a record', [{ send: Buffer.of(0x16) }]),
    ...[1, 63, 64, 65, 517, 4096].flatMap((size) => [
      ...bothWays(`${size} random bytes`, [{ send: nonsense(size) }]),
      ...bothWays(`${size} random bytes, as if of SSL 2.0`, [{ send: nonsense(size, 0x80) }]),
    ]),
    ...bothWays('64 random bytes after 16 03 01', [{ send: Buffer.concat([Buffer.of(0x16, 3, 1), nonsense(61)]) }]),
    ...bothWays('a record that says 65535 bytes', [{ send: Buffer.concat([Buffer.of(0x16, 3, 1, 255, 255), hello]) }]),
    ...bothWays('a record of nothing', [{ send: Buffer.of(0x16, 3, 1, 0, 0) }]),
    ...bothWays('an alert', [{ send: Buffer.of(0x15, 3, 1, 0, 2, 2, 40) }]),
    ...bothWays('application data', [{ send: Buffer.concat([Buffer.of(0x17, 3, 3, 0, 100), nonsense(100)]) }]),
    ...bothWays('an SSH banner', [{ send: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n' }]),
    ...bothWays('a short line', [{ send: 'QUIT\r\n' }]),
    ...httpProbes(),
    ...helloProbes(key, now),
    ...cuts('hello', hello, 50),
    ...cuts('large hello', large, 350),
    ...bothWays('a hello byte by byte', [{ trickle: hello }]),
    ...bothWays('a hello over records of 100 bytes', [{ send: fragmented(hello, 100) }]),
    ...bothWays('a hello over records of 1 byte', [{ send: fragmented(hello, 1) }]),
    ...bothWays('a large hello over two records', [{ send: fragmented(large, 1000) }]),
    ...bothWays('a hello of 16 KiB', [{ send: clientHello({ serverName: names.right, length: 16_384 }) }]),
    ...bothWays('a hello of 60,000 bytes over records', [
      { send: fragmented(clientHello({ serverName: names.right, length: 60_000 }), 16_384) },
    ]),
    ...bothWays('a hello and more at once', [{ send: Buffer.concat([hello, hello]) }]),
    ...bothWays('a hello, and nonsense after the answer', [{ send: hello }, 'answer', { send: nonsense(300) }]),
    ...bothWays('a hello, and a broken record after the answer', [
      { send: hello },
      'answer',
      { send: Buffer.concat([Buffer.of(0x17, 3, 3, 0, 200), nonsense(200)]) },
    ]),
    { name: 'a hello, and on after their end', steps: [{ send: helloOf('no TLS 1.2') }, 'their end', 'their reset'] },
    { name: 'a hello, then a reset', steps: [{ send: hello }, 'answer', 'reset'] },
    { name: 'half a hello, then a reset', steps: [{ send: hello.subarray(0, 200) }, 'reset'] },
  ];
}

const scanners: Readonly<Record<string, HelloOptions>> = {
  'TLS 1.3 alone': { serverName: names.right, versions: [0x0304], ciphers: [0x1301, 0x1302, 0x1303] },
  'TLS 1.3 with an unknown name': { serverName: names.unknown },
  'TLS 1.3 with the second site’s name': { serverName: names.second },
  'TLS 1.3 without a name': {},
  'TLS 1.3 with an address for a name': { serverName: '127.0.0.1' },
  'TLS 1.3 with a name of 255 bytes': { serverName: 'a'.repeat(255) },
  'TLS 1.3 with a name in capitals': { serverName: 'FRONT.example' },
  'TLS 1.3 without a key share': { serverName: names.right, keyShare: 'none' },
  'TLS 1.3 with a key share of an unknown group': { serverName: names.right, keyShare: 'unknown group' },
  'TLS 1.3 with a key share to come': { serverName: names.right, keyShare: 'later' },
  'TLS 1.3 with an unknown protocol': { serverName: names.right, alpn: ['spdy/3'] },
  'TLS 1.3 with HTTP/1.1': { serverName: names.right, alpn: ['http/1.1'] },
  'TLS 1.3 without a session id': { serverName: names.right, sessionId: Buffer.alloc(0) },
  'TLS 1.3 of 200 bytes': { serverName: names.right, length: 0 },
  'TLS 1.2': { serverName: names.right, versions: [] },
  'TLS 1.2 without a name': { versions: [] },
  'TLS 1.2 with an unknown name': { serverName: names.unknown, versions: [0x0303] },
  'TLS 1.1': { serverName: names.right, version: 0x0302, versions: [] },
  'TLS 1.0': { serverName: names.right, version: 0x0301, versions: [] },
  'SSL 3.0': { serverName: names.right, version: 0x0300, recordVersion: 0x0300, versions: [] },
  'no TLS 1.2': { serverName: names.right, versions: [0x0302] },
  'no common cipher': { serverName: names.right, versions: [], ciphers: [0x0004, 0x0005] },
  'no cipher': { serverName: names.right, ciphers: [] },
};

function helloOf(scanner: keyof typeof scanners): Buffer {
  return clientHello(scanners[scanner]);
}

function helloProbes(key: Buffer, now: number): Probe[] {
  const signed: Readonly<Record<string, Buffer>> = {
    'a hello signed with another key': signHello(clientHello({ serverName: names.right }), randomBytes(16)),
    'a hello signed too long ago': signHello(clientHello({ serverName: names.right }), key, now - 3600),
    'a hello signed in the future': signHello(clientHello({ serverName: names.right }), key, now + 3600),
    'a signed hello with an unknown name': signHello(clientHello({ serverName: names.unknown }), key),
    'a signed hello without a name': signHello(clientHello(), key),
    'a signed hello with the name and more': signHello(clientHello({ serverName: `${names.right}.` }), key),
    'a signed hello with the digest’s last byte wrong': spoilt(
      signHello(clientHello({ serverName: names.right }), key),
      38,
    ),
    'a signed hello with its last byte wrong': spoilt(signHello(clientHello({ serverName: names.right }), key), -1),
    'SSL 2.0 for TLS 1.0': sslv2Hello(0x0301),
    'SSL 2.0 for TLS 1.2': sslv2Hello(0x0303),
  };
  return [
    ...Object.keys(scanners).flatMap((name) => bothWays(name, [{ send: helloOf(name) }])),
    ...Object.entries(signed).flatMap(([name, hello]) => bothWays(name, [{ send: hello }])),
  ];
}

function httpProbes(): Probe[] {
  const head = (line: string): string => `${line} HTTP/1.1\r\nHost: ${names.right}\r\nUser-Agent: probe\r\n`;
  const requests: Readonly<Record<string, string>> = {
    GET: `${head('GET /')}\r\n`,
    'GET with 16 KiB of headers': `${head('GET /')}${'X-Probe: 0123456789\r\n'.repeat(800)}\r\n`,
    HEAD: `${head('HEAD /')}\r\n`,
    OPTIONS: `${head('OPTIONS *')}\r\n`,
    POST: `${head('POST /')}Content-Length: 5\r\n\r\nhello`,
    PUT: `${head('PUT /files/x')}Content-Length: 5\r\n\r\nhello`,
    CONNECT: `CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n`,
    'GET of HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
    'GET of HTTP/0.9': 'GET /\r\n',
    'the preface of h2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'two GETs': `${head('GET /')}\r\n${head('GET /conn')}\r\n`,
  };
  return [
    ...Object.entries(requests).flatMap(([name, request]) => bothWays(`plain ${name}`, [{ send: request }])),
    ...bothWays('half a plain GET', [{ send: head('GET /') }]),
    ...bothWays('the first four bytes of a plain GET', [{ send: 'GET ' }]),
    ...bothWays('a plain GET byte by byte', [{ trickle: Buffer.from(`${head('GET /')}\r\n`) }]),
  ];
}

function cuts(name: string, hello: Buffer, every: number): Probe[] {
  const lengths = [2, 5, 6, 11, 43];
  for (let length = every; length < hello.length; length += every) lengths.push(length);
  lengths.push(hello.length - 1);
  return lengths.flatMap((length) =>
    bothWays(`${name} cut after ${length} bytes`, [{ send: hello.subarray(0, length) }]),
  );
}

/** The same, left open and half-closed. */
function bothWays(name: string, steps: readonly Step[]): Probe[] {
  return [
    { name, steps },
    { name: `${name}, then the end`, steps: [...steps, 'end'] },
  ];
}

/** What nginx takes for broken HTTP, or with the first bit set for an old hello; never for the start of a record. */
function nonsense(size: number, firstBit = 0): Buffer {
  const bytes = randomBytes(size);
  bytes[0] = firstBit | Math.floor(Math.random() * 0x14);
  return bytes;
}

function spoilt(hello: Buffer, at: number): Buffer {
  const bytes = Buffer.from(hello);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}
