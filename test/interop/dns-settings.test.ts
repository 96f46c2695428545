import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { dig } from '../peers/dig.js';
import { startDnsmasq, type Dnsmasq } from '../peers/dnsmasq.js';
import { startUnbound, type Unbound } from '../peers/unbound.js';
import { at, records, startAsked } from './dns.fixture.js';
import { Started } from './program.fixture.js';

describePeers('the settings of dns', ['unbound', 'dnsmasq', 'dig', 'curl'], () => {
  const started = new Started();
  let unbound: Unbound;
  let dnsmasq: Dnsmasq;

  beforeAll(async () => {
    unbound = await startUnbound({ records });
    dnsmasq = await startDnsmasq([
      ...['a.example,203.0.113.1', 'only.example,203.0.113.2', 'four.example,203.0.113.4'].map(
        (record) => `--host-record=${record}`,
      ),
    ]);
  });
  afterEach(() => started.close());
  afterAll(async () => {
    await unbound.close();
    await dnsmasq.close();
  });

  it('hosts: addresses, other names, and patterns', async () => {
    const hosts = {
      'a.example': '198.51.100.1',
      'both.example': ['198.51.100.2', '2001:db8::2'],
      'other.example': 'four.example',
      'twice.example': 'other.example',
      'domain:inner.example': '198.51.100.3',
      'keyword:tracker': '127.0.0.1',
      'regexp:^r[0-9]+\\.example$': '198.51.100.4',
    };
    const { port } = await startAsked(started, unbound.port, { dns: { servers: [at(unbound.port)], hosts } });
    const before = unbound.asked().length;
    const data = async (...args: string[]): Promise<readonly string[]> => (await dig(port, ...args)).data;
    expect(await data('a.example')).toEqual(['198.51.100.1']);
    expect(await data('a.example', 'AAAA')).toEqual([]);
    expect(await data('both.example')).toEqual(['198.51.100.2']);
    expect(await data('both.example', 'AAAA')).toEqual(['2001:db8::2']);
    expect(await data('x.y.inner.example')).toEqual(['198.51.100.3']);
    expect(await data('my-tracker.test')).toEqual(['127.0.0.1']);
    expect(await data('r12.example')).toEqual(['198.51.100.4']);
    expect(unbound.asked()).toHaveLength(before);
    expect(await data('other.example')).toEqual(['192.0.2.4']);
    expect(await data('twice.example')).toEqual(['192.0.2.4']);
    expect(await data('x.a.example')).toEqual([]);
  });

  it('domains: a server is asked first for its own names, and the next if it fails', async () => {
    const servers = [at(unbound.port), at(dnsmasq.port, { domains: ['full:a.example', 'domain:only.example'] })];
    const { port } = await startAsked(started, 1, { dns: { servers } });
    const before = unbound.asked().length;
    expect((await dig(port, 'a.example')).data).toEqual(['203.0.113.1']);
    expect((await dig(port, 'only.example')).data).toEqual(['203.0.113.2']);
    expect(unbound.asked()).toHaveLength(before);
    expect((await dig(port, 'four.example')).data).toEqual(['192.0.2.4']);
    expect(dnsmasq.asked()).not.toContain('four.example A');
    const lost = [at(unbound.port), at(1, { domains: ['full:a.example'] })];
    const { port: second } = await startAsked(started, 1, { dns: { servers: lost } });
    expect((await dig(second, 'a.example')).data).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('expectIPs: an answer with no other address is believed, the others are left out', async () => {
    const first = at(unbound.port, { expectIPs: ['192.0.2.2/32', '2001:db8::/32'] });
    const { port } = await startAsked(started, 1, { dns: { servers: [first, at(dnsmasq.port)] } });
    expect((await dig(port, 'a.example')).data).toEqual(['192.0.2.2']);
    expect((await dig(port, 'a.example', 'AAAA')).data).toEqual(['2001:db8::1']);
    expect((await dig(port, 'four.example')).data).toEqual(['203.0.113.4']);
  });

  it.each([
    ['UseIPv4', ['192.0.2.1', '192.0.2.2'], []],
    ['UseIPv6', [], ['2001:db8::1']],
  ])('queryStrategy %s: the other addresses are not asked for', async (queryStrategy, four, six) => {
    const { port } = await startAsked(started, 1, { dns: { servers: [at(unbound.port)], queryStrategy } });
    const before = unbound.asked().length;
    expect(await dig(port, 'a.example', 'A')).toMatchObject({ status: 'NOERROR', data: four });
    expect(await dig(port, 'a.example', 'AAAA')).toMatchObject({ status: 'NOERROR', data: six });
    expect(unbound.asked().slice(before)).toEqual([`a.example ${four.length > 0 ? 'A' : 'AAAA'}`]);
  });

  it('the cache: an answer is kept for its time, which counts down, and asked for anew after it', async () => {
    const { port } = await startAsked(started, 1, { dns: { servers: [at(unbound.port)] } });
    const before = unbound.asked().length;
    const ask = async (name: string) => (await dig(port, name)).records[0]!;
    const first = await ask('four.example');
    expect(first.ttl).toBeGreaterThan(290);
    await expect.poll(async () => (await ask('four.example')).ttl, { timeout: 10_000 }).toBeLessThan(first.ttl - 1);
    expect(unbound.asked().slice(before)).toEqual(['four.example A']);
    expect((await ask('brief.example')).ttl).toBeLessThanOrEqual(2);
    await expect
      .poll(
        async () => {
          await ask('brief.example');
          return unbound.asked().filter((asked) => asked === 'brief.example A').length;
        },
        { timeout: 10_000 },
      )
      .toBe(2);
    await dig(port, 'nothing.example');
    const known = unbound.asked().length;
    expect((await dig(port, 'nothing.example')).status).toBe('NXDOMAIN');
    expect(unbound.asked()).toHaveLength(known);
  });

  it('the cache: off, or too small, each question is asked', async () => {
    for (const dns of [
      { servers: [at(unbound.port)], disableCache: true },
      { servers: [at(unbound.port)], cacheSize: 1 },
    ]) {
      const { port, program } = await startAsked(started, 1, { dns });
      const before = unbound.asked().length;
      for (const name of ['a.example', 'four.example', 'a.example']) await dig(port, name);
      expect(unbound.asked()).toHaveLength(before + 3);
      await program.close();
    }
  });

  it("tag: the servers' questions are led by it, and past the routing if local", async () => {
    const outbounds = [{ tag: 'to-dnsmasq', protocol: 'dns', settings: { address: '127.0.0.1', port: dnsmasq.port } }];
    const rules = [{ inboundTag: ['resolver'], outboundTag: 'to-dnsmasq' }];
    for (const [address, expected] of [
      [`udp://127.0.0.1:${unbound.port}`, ['203.0.113.1']],
      [`tcp://127.0.0.1:${unbound.port}`, ['203.0.113.1']],
      [`tcp+local://127.0.0.1:${unbound.port}`, ['192.0.2.1', '192.0.2.2']],
    ] as const) {
      const dns = { servers: [address], tag: 'resolver' };
      const { port, program } = await startAsked(started, 1, { dns, outbounds, rules });
      expect((await dig(port, 'a.example')).data).toEqual(expected);
      await program.close();
    }
  });

  it('rules with addresses and freedom get theirs from this DNS', async () => {
    const site = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
    await once(site, 'listening');
    started.add({ close: () => new Promise<void>((resolve) => site.close(() => resolve())) });
    const { port: web } = site.address() as AddressInfo;
    const outbounds = [
      { tag: 'by-name', protocol: 'freedom', settings: { domainStrategy: 'UseIP' } },
      { tag: 'blocked', protocol: 'blackhole', settings: { response: { type: 'http' } } },
    ];
    const inbounds = [{ tag: 'socks', protocol: 'socks' }];
    const dns = { servers: [at(unbound.port)] };
    const get = (port: number, name: string): ReturnType<typeof curl> =>
      curl(['--socks5-hostname', `127.0.0.1:${port}`, '-o', '-', '-w', ' %{http_code}', `http://${name}:${web}/`]);
    const byName = await startAsked(started, 1, {
      ...{ dns, outbounds, inbounds },
      rules: [{ inboundTag: ['socks'], outboundTag: 'by-name' }],
    });
    expect((await get(byName.program.port('socks'), 'here.example')).stdout).toBe('here 200');
    expect((await get(byName.program.port('socks'), 'nothing.example')).code).not.toBe(0);
    for (const domainStrategy of ['IPIfNonMatch', 'IPOnDemand']) {
      const { program } = await startAsked(started, 1, {
        ...{ dns, outbounds, inbounds, domainStrategy },
        rules: [
          { ip: ['192.0.2.0/24'], outboundTag: 'blocked' },
          { ip: ['127.0.0.0/8'], outboundTag: 'by-name' },
        ],
      });
      const socks = program.port('socks');
      expect((await get(socks, 'a.example')).stdout).toBe(' 403');
      expect((await get(socks, 'here.example')).stdout).toBe('here 200');
    }
  });
});
