import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { loadObject, type SluiceConfig } from '@sluice/config';
import {
  defineOutbound,
  definePlugin,
  defineService,
  SluiceError,
  Type,
  type Dns,
  type Plugin,
} from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { corePlugin } from '../core-plugin.js';
import { NOTHING_LEFT } from '../instance.fixture.js';
import { Instance } from '../instance.js';
import { DOMAIN, geositeFile } from '../routing/geo/geo-data.fixture.js';
import { NameServer } from './servers/name-server.fixture.js';
import { buildAnswer, buildQuery } from './wire/build.js';
import { parseAnswer, parseQuery, RCODE, TYPE } from './wire/message.js';
import { ip4, reply } from './wire/message.fixture.js';

type Draft = Record<string, unknown>;

let dns: Dns;
/** "direct tcp 127.0.0.1:53": what left, and by which outbound. */
const left: string[] = [];

const plugin: Plugin = definePlugin({
  name: 'test',
  version: '0.0.0',
  description: 'For tests.',
  outbounds: {
    way: defineOutbound<{ resolves?: boolean }>({
      description: 'A test.',
      schema: Type.Object({ resolves: Type.Optional(Type.Boolean()) }),
      create: ({ tag, dialer, resolver, settings }) => ({
        async connect(session, to) {
          left.push(`${tag} tcp ${to.host}`);
          if (settings.resolves === true) await resolver.resolve(to.host);
          return dialer.dial(session, to);
        },
        async openPackets(session, to) {
          left.push(`${tag} udp ${to.host}`);
          if (settings.resolves === true) await resolver.resolve(to.host);
          return dialer.openPackets(session, to);
        },
      }),
    }),
  },
  services: {
    probe: defineService({
      description: 'A test.',
      schema: Type.Object({}),
      create(context) {
        dns = context.dns;
        return {};
      },
    }),
  },
  dnsServers: {
    carrierpigeon: {
      description: 'A test.',
      create: ({ address, host, inboundTag }) => ({
        exchange: (query) =>
          Promise.resolve(
            address.pathname === '/junk'
              ? Buffer.from('junk')
              : buildAnswer(query, RCODE.NOERROR, [host === 'loft' && inboundTag === 'q' ? '192.0.2.7' : '0.0.0.0'], 9),
          ),
      }),
    },
  },
});
const plugins = [corePlugin, plugin];

function read(draft: Draft): SluiceConfig {
  const { config, diagnostics } = loadObject(
    { probe: {}, outbounds: [{ protocol: 'way', tag: 'direct' }], ...draft },
    { plugins },
  );
  if (config === undefined) throw new SluiceError('E_CONFIG_INVALID', JSON.stringify(diagnostics));
  return config;
}

let nameServer: NameServer;
const running: Instance[] = [];
let next: Draft = {};

async function start(draft: Draft): Promise<Instance> {
  const quiet = new Writable({ write: (_chunk, _encoding, done) => done() });
  const instance = new Instance(read(draft), {
    plugins,
    logTargets: { error: quiet, access: quiet },
    source: () => Promise.resolve({ config: read(next), plugins }),
  });
  running.push(instance);
  await instance.start();
  return instance;
}

beforeEach(() => {
  nameServer = new NameServer((query) => reply(query, { answers: [{ type: TYPE.A, data: ip4(192, 0, 2, 1) }] }));
});

afterEach(async () => {
  nameServer.close();
  for (const instance of running.splice(0)) {
    await instance.close({ drainMs: 0 });
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
  }
  left.length = 0;
});

describe('queries', () => {
  const outbounds = ['direct', 'dns-way'].map((tag) => ({ protocol: 'way', tag }));

  test.each(['udp', 'tcp'])('over %s go the way that rules have for the tag', async (scheme) => {
    const port = await nameServer.plain();
    await start({
      dns: { servers: [`${scheme}://127.0.0.1:${port}`], tag: 'q' },
      outbounds,
      routing: { rules: [{ type: 'field', inboundTag: ['q'], outboundTag: 'dns-way' }] },
    });
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
    expect(left).toEqual([`dns-way ${scheme} 127.0.0.1`]);
  });

  test.each(['udp+local', 'tcp+local'])('over %s go past the rules', async (scheme) => {
    const port = await nameServer.plain();
    await start({ dns: { servers: [`${scheme}://127.0.0.1:${port}`] } });
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
    expect(left).toEqual([]);
  });

  test('to a server with a name do not wait for themselves, whoever resolves it on the way', async () => {
    const port = await nameServer.plain();
    for (const scheme of ['udp', 'tcp']) {
      const instance = await start({
        dns: { servers: [`${scheme}://localhost:${port}`], queryStrategy: 'UseIPv4' },
        outbounds: [{ protocol: 'way', tag: 'direct', settings: { resolves: true } }],
        routing: {
          domainStrategy: 'IPOnDemand',
          rules: [{ type: 'field', ip: ['10.0.0.0/8'], outboundTag: 'direct' }],
        },
      });
      expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
      await instance.close({ drainMs: 0 });
    }
    const names = nameServer.asked.map(({ query }) => parseQuery(query)?.question.name);
    expect(new Set(names)).toEqual(new Set(['a.example']));
  });

  test('to a server whose name is in hosts go there', async () => {
    const port = await nameServer.plain();
    await start({ dns: { servers: [`tcp://ns.example:${port}`], hosts: { 'ns.example': '127.0.0.1' } } });
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
    expect(left).toEqual(['direct tcp 127.0.0.1']);
  });

  test('to a kind of server that a plugin has brought', async () => {
    await start({ dns: { servers: ['carrierpigeon://loft/'], tag: 'q' } });
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.7']);
    await start({ dns: { servers: ['carrierpigeon://loft/junk', 'carrierpigeon://loft/'], tag: 'q' } });
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.7']);
  });
});

describe('the configuration', () => {
  test('may change while it runs', async () => {
    const port = await nameServer.plain();
    const servers = [{ address: '127.0.0.1', port }];
    const instance = await start({ dns: { servers, hosts: { 'a.example': '10.0.0.1' } } });
    expect(await dns.resolve('a.example')).toEqual(['10.0.0.1']);
    next = { dns: { servers, hosts: { 'a.example': '10.0.0.2' } } };
    await instance.reload();
    expect(await dns.resolve('a.example')).toEqual(['10.0.0.2']);
    next = {};
    await instance.reload();
    // The operating system's again.
    await vi.waitFor(() => expect(dns.flush).toBeUndefined());
    expect(await dns.resolve('localhost', 4)).toEqual(['127.0.0.1']);
  });

  test.each(['udp', 'tcp'])('may change in the midst of questions over %s', async (scheme) => {
    const port = await nameServer.plain();
    const draft = (i: number): Draft => ({
      dns: { servers: [`${scheme}://127.0.0.1:${port}`], hosts: { x: `10.0.0.${i}` } },
    });
    const instance = await start(draft(0));
    let isOver = false;
    let count = 0;
    const asking = Array.from({ length: 8 }, async () => {
      while (!isOver) expect(await dns.resolve(`n${(count += 1)}.example`, 4)).toEqual(['192.0.2.1']);
    });
    for (let i = 1; i <= 10; i += 1) {
      next = draft(i);
      await instance.reload();
      const before = count;
      await vi.waitFor(() => expect(count).toBeGreaterThan(before + 10));
    }
    isOver = true;
    await Promise.all(asking);
    expect(await dns.resolve('x')).toEqual(['10.0.0.10']);
  });

  test('has made-up addresses that stay what they are over a reload', async () => {
    const port = await nameServer.plain();
    const draft = (hosts: object): Draft => ({
      fakeDns: { ipPool: '198.18.0.0/15', poolSize: 100 },
      dns: { servers: ['fakedns', { address: '127.0.0.1', port, domains: ['domain:real.example'] }], hosts },
    });
    const instance = await start(draft({}));
    const ask = async (name: string): Promise<string | undefined> =>
      parseAnswer(await dns.answer(buildQuery(name, TYPE.A))).addresses[0];
    const fake = await ask('a.example');
    expect(fake).toMatch(/^198\.1[89]\./);
    expect(await ask('www.real.example')).toBe('192.0.2.1');
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
    next = draft({ x: '10.0.0.1' });
    await instance.reload();
    expect(dns.nameOf(fake ?? '')).toBe('a.example');
    expect(await ask('a.example')).toBe(fake);
  });

  test('without servers asks the operating system', async () => {
    await start({ dns: { hosts: { 'a.example': '10.0.0.1' } } });
    expect(await dns.resolve('localhost', 4)).toEqual(['127.0.0.1']);
    expect(await dns.resolve('a.example', 4)).toEqual(['10.0.0.1']);
  });

  test('names data files, in servers and in hosts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-dns-'));
    writeFileSync(join(folder, 'geosite.dat'), geositeFile({ TEST: [{ type: DOMAIN, value: 'geo.example' }] }));
    const before = process.env['V2RAY_LOCATION_ASSET'];
    process.env['V2RAY_LOCATION_ASSET'] = folder;
    try {
      const port = await nameServer.plain();
      await start({
        dns: {
          servers: ['127.0.0.1', { address: '127.0.0.1', port, domains: ['geosite:test'] }],
          hosts: { 'ext:geosite.dat:test': '10.9.8.7' },
        },
      });
      expect(await dns.resolve('x.geo.example')).toEqual(['10.9.8.7']);
    } finally {
      if (before === undefined) delete process.env['V2RAY_LOCATION_ASSET'];
      else process.env['V2RAY_LOCATION_ASSET'] = before;
      await rm(folder, { recursive: true });
    }
  });
});

describe('a check of dns', () => {
  const problems = (value: unknown): string[] =>
    loadObject({ dns: value }, { plugins }).diagnostics.map(({ severity, pointer }) => `${severity} ${pointer}`);

  test.each<[string, unknown]>([
    ['nothing', {}],
    [
      'all forms of servers',
      {
        servers: [
          '192.0.2.1',
          '2001:db8::1',
          'localhost',
          'fakedns',
          'udp://192.0.2.1:5353',
          'tcp://192.0.2.1',
          'tcp+local://[2001:db8::1]:53',
          'tls://dns.example',
          'https://dns.example/dns-query',
          'https+local://192.0.2.1/dns-query',
          'carrierpigeon://loft',
          { address: '192.0.2.1', port: 5353, domains: ['domain:a.example'], expectIPs: ['10.0.0.0/8'] },
          {
            address: '192.0.2.1',
            expectIps: '10.0.0.0/8',
            skipFallback: true,
            queryStrategy: 'useip4',
            clientIp: '::1',
          },
        ],
        clientIp: '192.0.2.9',
        tag: 'dns',
        queryStrategy: 'UseIP',
      },
    ],
    ['hosts', { hosts: { a: '10.0.0.1', 'domain:b.example': ['10.0.0.1', '::1'], 'full:c.example': 'd.example' } }],
  ])('has nothing against %s', (_what, value) => {
    expect(problems(value)).toEqual([]);
  });

  test.each<[unknown, string[]]>([
    [{ servers: ['ftp://192.0.2.1'] }, ['error /dns/servers/0']],
    [{ servers: ['https:///'] }, ['error /dns/servers/0']],
    [{ servers: [{ address: 'not a host' }] }, ['error /dns/servers/0/address']],
    [{ servers: ['dns.example'] }, ['warning /dns/servers/0']],
    [{ servers: [{ address: '192.0.2.1', port: 70000 }] }, ['error /dns/servers/0/port']],
    [{ servers: [{ address: '192.0.2.1', expectIPs: ['geo'] }] }, ['error /dns/servers/0/expectIPs/0']],
    [{ servers: [{ address: '192.0.2.1', domains: ['geosite:nothing'] }] }, ['error /dns/servers/0/domains/0']],
    [{ servers: [{ address: '192.0.2.1', clientIp: 'me' }] }, ['error /dns/servers/0/clientIp']],
    [{ servers: [{ port: 53 }] }, ['error /dns/servers/0/address']],
    [{ clientIp: 'me' }, ['error /dns/clientIp']],
    [{ queryStrategy: 'both' }, ['error /dns/queryStrategy']],
    [{ hosts: { 'a.example': 'b c' } }, ['error /dns/hosts/a.example']],
    [{ hosts: { 'regexp:(': '10.0.0.1' } }, ['error /dns/hosts/regexp:(']],
    [{ server: [] }, ['warning /dns/server']],
  ])('%j: %j', (value, expected) => {
    expect(problems(value)).toEqual(expected);
  });
});
