import { access } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigFault } from './config-faults.js';
import {
  startFakeProxyConfigServer,
  type FakeProxyConfigServer,
  type FakeProxyConfigServerOptions,
} from './fake-proxy-config-server.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options?: FakeProxyConfigServerOptions): Promise<FakeProxyConfigServer> {
  const server = await startFakeProxyConfigServer(options);
  cleanups.push(() => server.close());
  return server;
}

/** Status and body, up to 1 MiB; rejects when the answer is cut. `timeout` in milliseconds, for silence. */
function fetchFrom(from: FakeProxyConfigServer, path: string, timeout = 5_000, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host, port: from.port, path: `/${path}`, ca: from.certificate, agent: false as const, timeout };
    const request = (from.certificate === undefined ? httpGet : httpsGet)(options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > 1 << 20) request.destroy(new Error('too much'));
      });
      response.on('error', reject);
      response.on('end', () => resolve(`${response.statusCode ?? 0} ${Buffer.concat(chunks).toString('latin1')}`));
    });
    request.on('timeout', () => request.destroy(new Error('silence')));
    request.on('error', reject);
  });
}

describe('fake proxy config server', () => {
  it.each(['https', 'http'] as const)('serves what Telegram does over %s', async (scheme) => {
    const server = await start({
      scheme,
      addresses: { '2': ['127.0.0.1:1', '127.0.0.1:2'], '-2': ['127.0.0.1:3'] },
      addressesV6: { '2': ['[::1]:1'] },
    });
    expect(server.origin).toBe(`${scheme}://localhost:${server.port}`);
    expect(await fetchFrom(server, 'getProxySecret')).toBe(`200 ${server.secret.toString('latin1')}`);
    expect(server.secret).toHaveLength(128);
    const config = await fetchFrom(server, 'getProxyConfig');
    expect(config.split('\n')).toEqual([
      '200 # force_probability 10 10',
      'default 2;',
      'proxy_for 2 127.0.0.1:1;',
      'proxy_for 2 127.0.0.1:2;',
      'proxy_for -2 127.0.0.1:3;',
      '',
    ]);
    expect(await fetchFrom(server, 'getProxyConfigV6')).toMatch(/^proxy_for 2 \[::1\]:1;$/m);
    expect(await fetchFrom(server, 'other')).toMatch(/^404/);
    expect(server.requests('getProxySecret')).toBe(1);
    expect([await server.nextRequest(), await server.nextRequest()]).toEqual(['getProxySecret', 'getProxyConfig']);
  });

  it('changes what it serves', async () => {
    const server = await start({ scheme: 'http' });
    server.serve('getProxyConfig', 'default 4;\n');
    expect(await fetchFrom(server, 'getProxyConfig')).toBe('200 default 4;\n');
    expect(server.requests('getProxyConfig')).toBe(1);
  });

  it('has a certificate for its names and no others', async () => {
    const server = await start({ names: ['elsewhere.example'] });
    await expect(fetchFrom(server, 'getProxySecret')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const trusted = await start({ host: '::1' });
    expect(await fetchFrom(trusted, 'getProxySecret', 5_000, '::1')).toMatch(/^200/);
  });

  it('leaves no file behind', async () => {
    const server = await startFakeProxyConfigServer();
    await access(server.certificateFile ?? '');
    await server.close();
    await expect(access(server.certificateFile ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  const cutOff = /aborted|hang up|ECONNRESET/;
  it.each<[ConfigFault, RegExp]>([
    ['error', /^500/],
    ['missing', /^404/],
    ['redirect', /^302/],
    ['truncated', cutOff],
    ['endless', /too much/],
    ['announces-huge', /silence/],
    ['slow', /^200 [^]{128}$/],
    ['stalled', /silence/],
    ['silent', /silence/],
    ['garbage', /^200 [^]{4096}$/],
    ['empty', /^200 $/],
    ['page', /^200 <!doctype/],
    ['not-http', /Parse Error/],
    ['closes', cutOff],
  ])('misbehaves as told: %s', async (fault, outcome) => {
    const server = await start({ scheme: 'http' });
    server.spoil('getProxySecret', fault);
    const patience = outcome.source === 'silence' ? 200 : 5_000;
    const said = await fetchFrom(server, 'getProxySecret', patience).catch((error: unknown) => String(error));
    expect(said).toMatch(outcome);
    server.spoil('getProxySecret', undefined);
    expect(await fetchFrom(server, 'getProxySecret')).toBe(`200 ${server.secret.toString('latin1')}`);
    expect(server.requests('getProxySecret')).toBe(2);
  });
});
