import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Link } from '@sluice/plugin-api';
import { startFakeProxyConfigServer, type ConfigFault } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { DirectDispatcher } from './direct.fixture.js';
import { fetchDocument } from './fetch.js';

const direct = new DirectDispatcher();
const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
  await direct.quiet();
});

async function serve(listener: RequestListener): Promise<{ url: string; port: number }> {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  toClose.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${port}`, port };
}

const fetch = (url: string, options: Partial<Parameters<typeof fetchDocument>[1]> = {}): Promise<Buffer> =>
  fetchDocument(new URL(url), {
    connect: direct.dial,
    maxBytes: 1000,
    timeLimit: 5000,
    signal: new AbortController().signal,
    ...options,
  });

describe('a document', () => {
  it.each([
    ['a redirect', (_, response) => response.writeHead(302, { location: '/' }).end()],
    ['an error', (_, response) => response.writeHead(500).end('no')],
    ['no content', (_, response) => response.writeHead(204).end()],
    ['too much', (_, response) => response.end(Buffer.alloc(1001))],
    [
      'too much, announced',
      (_, response) => response.writeHead(200, { 'content-length': 1e9 }).write('x'.repeat(1001)),
    ],
    ['too much in the header', (_, response) => response.setHeader('x', 'y'.repeat(20_000)).end()],
    [
      'less than was announced',
      (_, response) => response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy()),
    ],
    ['nothing', (_, response) => response.destroy()],
  ] satisfies [string, RequestListener][])('is not taken from a server that answers with %s', async (_, listener) => {
    const { url } = await serve(listener);
    await expect(fetch(`${url}/`)).rejects.toMatchObject({ code: 'E_PROTOCOL' });
  });

  it('is taken up to the limit, chunked or not', async () => {
    const content = randomBytes(1000);
    const { url } = await serve((request, response) => {
      if (request.url === '/chunked?a=b') {
        response.write(content.subarray(0, 1));
        setImmediate(() => response.end(content.subarray(1)));
      } else response.end(content);
    });
    expect(await fetch(`${url}/chunked?a=b`)).toEqual(content);
    expect(await fetch(`${url}/`)).toEqual(content);
  });

  it('is not waited for longer than allowed, wherever it hangs', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/half') response.write('half');
    });
    for (const path of ['/none', '/half']) {
      await expect(fetch(url + path, { timeLimit: 200 })).rejects.toMatchObject({ code: 'E_CONN_TIMEOUT' });
    }
    const hangs = fetch(url.replace('http', 'https'), { timeLimit: 200 });
    await expect(hangs).rejects.toMatchObject({ code: expect.stringMatching(/^E_(CONN_TIMEOUT|AUTH)$/) as string });
    const never = fetch(url, { timeLimit: 200, connect: () => new Promise(() => undefined) });
    await expect(never).rejects.toMatchObject({ code: 'E_CONN_TIMEOUT' });
  });

  it('is given up at once, and a connection that comes later is closed', async () => {
    const { url, port } = await serve(() => undefined);
    const giveUp = new AbortController();
    let late: ((link: Link) => void) | undefined;
    const connect = (): Promise<Link> => new Promise((resolve) => (late = resolve));
    const fetching = fetch(url, { signal: giveUp.signal, connect });
    giveUp.abort();
    await expect(fetching).rejects.toMatchObject({ code: 'E_CLOSING' });
    const link = await direct.dial({ network: 'tcp', type: 'ipv4', host: '127.0.0.1', port });
    late?.(link);
    await direct.quiet();
    expect(link.conn.destroyed).toBe(true);
  });
});

describe('over HTTPS', () => {
  const start = async (): Promise<Awaited<ReturnType<typeof startFakeProxyConfigServer>>> => {
    const server = await startFakeProxyConfigServer();
    toClose.push(() => server.close());
    return server;
  };

  it('a document is taken from a server whose certificate is trusted, by name and by address', async () => {
    const { origin, port, secret, certificate } = await start();
    expect(await fetch(`${origin}/getProxySecret`, { authorities: certificate })).toEqual(secret);
    const byAddress = `https://127.0.0.1:${port}/getProxySecret`;
    expect(await fetch(byAddress, { authorities: certificate })).toEqual(secret);
  });

  it('and from no other: neither an unknown authority nor another name', async () => {
    const server = await start();
    await expect(fetch(`${server.origin}/getProxySecret`)).rejects.toMatchObject({ code: 'E_AUTH' });
    const other = `https://core.telegram.org:${server.port}/getProxySecret`;
    await expect(fetch(other, { authorities: server.certificate })).rejects.toMatchObject({ code: 'E_AUTH' });
    expect(server.requests('getProxySecret')).toBe(0);
  });

  it('nor from one that does not speak TLS', async () => {
    const { url } = await serve((_, response) => response.end('x'));
    await expect(fetch(url.replace('http', 'https'))).rejects.toMatchObject({ code: 'E_AUTH' });
  });

  const faults: readonly [ConfigFault, RegExp][] = [
    ['error', /^E_PROTOCOL$/],
    ['missing', /^E_PROTOCOL$/],
    ['redirect', /^E_PROTOCOL$/],
    ['truncated', /^E_PROTOCOL$/],
    ['endless', /^E_PROTOCOL$/],
    ['announces-huge', /^E_(PROTOCOL|CONN_TIMEOUT)$/],
    ['slow', /^E_CONN_TIMEOUT$/],
    ['stalled', /^E_CONN_TIMEOUT$/],
    ['silent', /^E_CONN_TIMEOUT$/],
    ['garbage', /^E_PROTOCOL$/],
    ['not-http', /^E_PROTOCOL$/],
    ['closes', /^E_(PROTOCOL|CONN_CLOSED)$/],
  ];

  it.each(faults)('and not with the fault "%s"', async (fault, code) => {
    const server = await start();
    server.spoil('getProxySecret', fault);
    const fetching = fetch(`${server.origin}/getProxySecret`, { authorities: server.certificate, timeLimit: 400 });
    await expect(fetching).rejects.toMatchObject({ code: expect.stringMatching(code) as string });
  });
});
