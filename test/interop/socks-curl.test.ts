import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { socksInbound } from '@sluice/plugin-socks';
import { hostInbound, type InboundHost } from '@sluice/testing';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';

const MIB = 1024 * 1024;

describePeers('curl through the SOCKS inbound', ['curl'], () => {
  const body = randomBytes(10 * MIB);
  let web: http.Server;
  let port: number;
  let host: InboundHost | undefined;

  beforeAll(async () => {
    // GET sends the body; anything else answers with the hash of what it was sent.
    web = http.createServer((request, response) => {
      if (request.method === 'GET') response.end(body);
      else {
        const hash = createHash('sha256');
        request.pipe(hash).on('finish', () => response.end(hash.digest('hex')));
      }
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    port = (web.address() as AddressInfo).port;
  });

  afterAll(() => {
    web.close();
    web.closeAllConnections();
  });

  afterEach(async () => {
    await host?.close();
    if (host !== undefined)
      await expect.poll(() => host?.plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
    host = undefined;
  });

  it.each([
    ['--socks5-hostname', 'localhost'],
    ['--socks5', '127.0.0.1'],
    ['--socks4a', 'localhost'],
    ['--socks4', '127.0.0.1'],
  ])('loads 10 MiB with %s', async (option, name) => {
    host = await hostInbound(socksInbound, {});
    const result = await curl([option, `127.0.0.1:${host.port}`, `http://${name}:${port}/`]);
    expect(result.stderr).toBe('');
    expect(result.body.equals(body)).toBe(true);
    const { session } = await host.nextEnd();
    expect(session.target?.type).toBe(name === 'localhost' ? 'domain' : 'ipv4');
  });

  it('sends 10 MiB as a user with a password', async () => {
    host = await hostInbound(socksInbound, { auth: 'password', accounts: [{ user: 'ann', pass: 'p:w@1' }] });
    const args = [
      '--socks5-hostname',
      `127.0.0.1:${host.port}`,
      '--proxy-user',
      'ann:p:w@1',
      '-H',
      'Expect:',
      '--data-binary',
      '@-',
      `http://localhost:${port}/`,
    ];
    const result = await curl(args, { input: body });
    expect(result.stdout).toBe(createHash('sha256').update(body).digest('hex'));
    expect((await host.nextEnd()).session.user).toEqual({ email: 'ann', level: 0 });
  });

  it.each([
    ['a wrong password', ['--proxy-user', 'ann:wrong'], /[Uu]ser was rejected/],
    ['no password', [], /No authentication method was acceptable/],
  ])('is told of %s', async (_what, extra, message) => {
    host = await hostInbound(socksInbound, { auth: 'password', accounts: [{ user: 'ann', pass: 'right' }] });
    const result = await curl(['--socks5-hostname', `127.0.0.1:${host.port}`, ...extra, `http://localhost:${port}/`]);
    expect(result.code).toBe(97);
    expect(result.stderr).toMatch(message);
  });

  it('is told that the target refuses', async () => {
    const unused = http.createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const { port: closed } = unused.address() as AddressInfo;
    unused.close();
    await once(unused, 'close');
    host = await hostInbound(socksInbound, {});
    const result = await curl(['--socks5-hostname', `127.0.0.1:${host.port}`, `http://127.0.0.1:${closed}/`]);
    expect(result.code).toBe(97);
    expect(result.stderr).toMatch(/\(5\)/);
  });
});
