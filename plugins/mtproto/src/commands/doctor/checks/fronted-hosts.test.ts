import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBlackHole } from '@sluice/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { containing, like, someText } from '../expected.fixture.js';
import { examinationOf, key, run, secretFor, TableResolver, type ExaminationOptions } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { makeCertificate, startSite, type Certificate, type Site } from '../site.fixture.js';
import { clockFindings } from './clock.js';
import { frontedHostChecks } from './fronted-hosts.js';

const name = 'site.test';
const cleanups: (() => Promise<unknown>)[] = [];
let good: Certificate;
beforeAll(async () => void (good = await makeCertificate(name, 90)));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function site(certificate: Certificate, options?: Parameters<typeof startSite>[1]): Promise<Site> {
  const started = await startSite(certificate, options);
  cleanups.push(() => started.close());
  return started;
}

async function told(settings: object, options: ExaminationOptions = {}, limit?: number): Promise<readonly Finding[]> {
  const examination = examinationOf(
    { users: [{ secret: secretFor(name) }], ...settings },
    { authorities: good.certificate, resolver: new TableResolver({}), ...options },
  );
  return run(frontedHostChecks(examination), examination, limit);
}

const frontedBy = ({ address }: { address: string }): object => ({ fronting: { host: address } });

describe('a fronted host', () => {
  it('that is as it should be', async () => {
    const started = await site(good);
    expect(await told(frontedBy(started))).toEqual([
      {
        subject: 'fronted hosts',
        about: `${name} at ${started.address}`,
        status: 'ok',
        seen: like(/^TLS 1\.3 with X25519, first flight of \d{3,4} bytes, certificate valid until 20\d\d-\d\d-\d\d$/),
      },
    ]);
    expect(new Set(started.names)).toEqual(new Set([name]));
  });

  it('on a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'front-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const started = await site(good, { path: join(folder, 'site.sock') });
    expect(await told(frontedBy(started))).toMatchObject([{ status: 'ok' }]);
  });

  it('is asked under each name, by the host for that', async () => {
    const [first, second] = [await site(good), await site(good)];
    const users = [{ secret: secretFor(name) }, { secret: 'ff112233445566778899aabbccddeeff' }];
    const tls = { serverNames: ['other.test', name] };
    const fronting = { host: first.address, byServerName: { 'OTHER.test': second.address } };
    expect(await told({ users, tls, fronting })).toMatchObject([
      { about: `${name} at ${first.address}`, status: 'ok' },
      { about: `other.test at ${second.address}`, status: 'problem', seen: like(/for other names/) },
    ]);
    expect(second.names).toContain('other.test');
  });

  it('tells the time', async () => {
    for (const [seconds, status] of [
      [0, 'ok'],
      [-7200, 'problem'],
    ] as const) {
      const settings = { users: [{ secret: secretFor(name) }], ...frontedBy(await site(good, { seconds })) };
      const examination = examinationOf(settings, { authorities: good.certificate });
      await run(frontedHostChecks(examination), examination);
      expect(clockFindings(examination)).toMatchObject([{ status, seen: containing(name) }]);
    }
  });

  it.each([
    ['without TLS 1.3', { maxVersion: 'TLSv1.2' }, 'problem', /TLS 1\.3/],
    ['without X25519', { ecdhCurve: 'P-384' }, 'problem', /X25519/],
  ] as const)('%s', async (_, options, status, seen) => {
    expect(await told(frontedBy(await site(good, options)))).toMatchObject([{ status, seen: like(seen) }]);
  });

  it('whose certificate is not trusted, or ends soon', async () => {
    expect(await told(frontedBy(await site(await makeCertificate(name, 90))))).toMatchObject([
      { status: 'problem', seen: like(/self-signed/), advice: someText },
    ]);
    const short = await makeCertificate(name, 5);
    expect(await told(frontedBy(await site(short)), { authorities: short.certificate })).toMatchObject([
      { status: 'warning', seen: like(/ends in [45] days/) },
    ]);
  });

  it('that is not there', async () => {
    expect(await told({ fronting: { host: '127.0.0.1:1' } })).toMatchObject([
      { status: 'problem', seen: 'refuses the connection', advice: like(/start the web server/) },
    ]);
    expect(await told({ fronting: { host: 'nowhere.test:443' } })).toMatchObject([
      { status: 'problem', seen: like(/not known/) },
    ]);
    const hole = await startBlackHole();
    cleanups.push(() => hole.close());
    expect(await told({ fronting: { host: hole.address } }, {}, 50)).toMatchObject([
      { status: 'problem', seen: 'does not answer in time' },
    ]);
  });

  it.each([
    ['speaks in the clear', 'SSH-2.0-x\r\n', 'problem'],
    ['closes at once', '', 'problem'],
  ])('that %s', async (_, greeting, status) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end(greeting);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      server.close();
      await once(server, 'close');
    });
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await told({ fronting: { host } })).toMatchObject([{ status, advice: someText }]);
  });

  it('that takes the connection and says nothing', async () => {
    const server = net.createServer((socket) => void socket.on('error', () => undefined).resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      server.close();
      await once(server, 'close');
    });
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await told({ fronting: { host } }, {}, 100)).toMatchObject([
      { status: 'problem', seen: 'does not answer in time' },
    ]);
  });

  it('is needed for each name', async () => {
    const fronting = { byServerName: { 'other.test': '127.0.0.1:1' } };
    expect(await told({ fronting })).toMatchObject([{ about: name, status: 'warning', seen: like(/silent/) }]);
    expect(await told({ strangers: 'close' })).toMatchObject([{ seen: like(/closes at once/) }]);
  });

  it.each([
    ['127.0.0.1:443', '127.0.0.1', 'problem'],
    ['127.0.0.1:443', '0.0.0.0', 'problem'],
    ['here.test:443', '::', 'problem'],
    ['[::1]:443', '0.0.0.0', 'problem'],
  ])('%s is the proxy itself where that listens on %s', async (host, listen, status) => {
    const resolver = new TableResolver({ 'here.test': ['127.0.0.1'] });
    expect(await told({ fronting: { host } }, { where: { listen, port: 443 }, resolver })).toMatchObject([
      { status, seen: like(/circle/) },
    ]);
  });

  it('without fake TLS has only to be there', async () => {
    const started = await site(good);
    const settings = { users: [{ secret: key }] };
    expect(await told({ ...settings, ...frontedBy(started) })).toMatchObject([
      { status: 'ok', seen: 'takes connections' },
    ]);
    expect(await told({ ...settings, fronting: { host: '127.0.0.1:1' } })).toMatchObject([{ status: 'problem' }]);
    const itself = { where: { listen: '127.0.0.1', port: 1 } };
    expect(await told({ ...settings, fronting: { host: '127.0.0.1:1' } }, itself)).toMatchObject([
      { seen: like(/circle/) },
    ]);
    expect(await told(settings)).toEqual([]);
  });
});

describe('a host that wants to know who comes', () => {
  it.each([1, 2] as const)('is told that nobody in particular does, in version %i', async (proxyProtocol) => {
    const heard: Buffer[] = [];
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        heard.push(chunk);
        socket.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      server.close();
      await once(server, 'close');
    });
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await told({ fronting: { host, proxyProtocol } })).toMatchObject([{ status: 'problem' }]);
    const header = { 1: 'PROXY UNKNOWN\r\n', 2: '\r\n\r\n\0\r\nQUIT\n!\0\0\0' }[proxyProtocol];
    expect(heard[0]?.toString('latin1').startsWith(`${header}\u0016\u0003\u0001`)).toBe(true);
  });
});
