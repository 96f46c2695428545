import net from 'node:net';
import { once } from 'node:events';
import { startFakeProxyConfigServer, type FakeProxyConfigServer } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { containing, like, someText } from '../expected.fixture.js';
import { examinationOf, key, run } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { middleProxyChecks } from './middle-proxies.js';

const adTag = 'aabbccddeeff00112233445566778899';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lists(port: number): Promise<FakeProxyConfigServer> {
  const server = await startFakeProxyConfigServer({
    addresses: { 2: [`127.0.0.1:${port}`], 3: ['127.0.0.1:2'] },
    addressesV6: { 2: [`[::1]:${port}`] },
  });
  cleanups.push(() => server.close());
  return server;
}

async function told(
  server: FakeProxyConfigServer,
  settings: object = { adTag },
  limit?: number,
): Promise<readonly Finding[]> {
  const { origin, certificate } = server;
  const middleProxy = {
    secretUrl: `${origin}/getProxySecret`,
    configUrl: `${origin}/getProxyConfig`,
    configUrlV6: `${origin}/getProxyConfigV6`,
  };
  const examination = examinationOf(
    { users: [{ secret: key }], middleProxy, ...settings },
    certificate === undefined ? {} : { authorities: certificate },
  );
  return run(middleProxyChecks(examination), examination, limit);
}

describe('middle proxies', () => {
  it('are looked for and tried', async () => {
    const listener = net.createServer((socket) => void socket.on('error', () => undefined).resume());
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    cleanups.push(async () => {
      listener.close();
      await once(listener, 'close');
    });
    const { port } = listener.address() as net.AddressInfo;
    const found = await told(await lists(port));
    expect(found).toMatchObject([
      { about: like(/getProxySecret$/), status: 'ok', seen: 'can be fetched' },
      { about: like(/getProxyConfig$/), status: 'ok', seen: 'can be fetched, and names 2 addresses' },
      { about: 'one for data centre 2', status: 'ok', address: `127.0.0.1:${port}` },
      { about: like(/getProxyConfigV6$/), status: 'ok' },
      { about: 'one for data centre 2', status: 'warning', address: `[::1]:${port}`, advice: someText },
    ]);
  });

  it('are nothing to worry about without a tag', async () => {
    const server = await lists(1);
    expect(await told(server, {})).toEqual([]);
    expect(server.requests('getProxySecret')).toBe(0);
  });

  it('are needed for the tag of one user, by the family that is used', async () => {
    const server = await lists(1);
    const found = await told(server, { users: [{ secret: key, adTag }], addressFamily: 'only-ipv4' });
    expect(found).toHaveLength(3);
    expect(server.requests('getProxyConfigV6')).toBe(0);
  });

  it.each(['error', 'truncated', 'endless'] as const)('cannot be found by a server with %s', async (fault) => {
    const server = await lists(1);
    server.spoil('getProxySecret', fault);
    expect((await told(server))[0]).toMatchObject({
      status: 'problem',
      advice: containing('"middleProxy"'),
    });
  });

  it('cannot be found in a page for people, nor with a secret that is none', async () => {
    const server = await lists(1);
    server.serve('getProxySecret', 'short');
    server.serve('getProxyConfig', '<html>');
    server.serve('getProxyConfigV6', 'default 2;');
    expect((await told(server)).map(({ status }) => status)).toEqual(['problem', 'problem', 'problem']);
  });

  it('are given up in time', async () => {
    const server = await lists(1);
    server.spoil('getProxySecret', 'stalled');
    expect((await told(server, { adTag }, 200))[0]).toMatchObject({
      status: 'problem',
      seen: 'does not answer in time',
    });
  });
});
