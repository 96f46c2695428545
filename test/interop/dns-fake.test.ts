import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { dig } from '../peers/dig.js';
import { startUnbound } from '../peers/unbound.js';
import { at, records, startAsked } from './dns.fixture.js';
import { Started } from './program.fixture.js';

describePeers('made-up addresses', ['unbound', 'dig', 'curl'], () => {
  const started = new Started();
  afterEach(() => started.close());

  it('lead to the names that they were given for', async () => {
    const site = createServer((request, response) => response.end(`for ${request.headers.host ?? ''}`));
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    started.add({ close: () => new Promise<void>((resolve) => site.close(() => resolve())) });
    const { port: web } = site.address() as AddressInfo;
    const unbound = started.add(await startUnbound({ records }));
    const { port, program } = await startAsked(started, unbound.port, {
      dns: { servers: [{ address: 'fakedns', domains: ['domain:example'] }, at(unbound.port)] },
      fakedns: [
        { ipPool: '198.18.0.0/15', poolSize: 100 },
        { ipPool: 'fc00::/18', poolSize: 100 },
      ],
      inbounds: [
        { tag: 'socks', protocol: 'socks', sniffing: { enabled: true, destOverride: ['fakedns'], metadataOnly: true } },
        { tag: 'plain', protocol: 'socks' },
      ],
      outbounds: [
        { tag: 'by-name', protocol: 'freedom', settings: { domainStrategy: 'UseIP' } },
        { tag: 'blocked', protocol: 'blackhole', settings: { response: { type: 'http' } } },
      ],
      rules: [
        { domain: ['full:a.example'], outboundTag: 'blocked' },
        { domain: ['full:here.example'], outboundTag: 'by-name' },
      ],
    });
    const fake = async (...args: string[]): Promise<string> => (await dig(port, ...args)).data[0] ?? '';
    const here = await fake('here.example');
    expect(here).toMatch(/^198\.1[89]\./);
    expect(await fake('+tcp', 'HERE.example')).toBe(here);
    const six = await fake('here.example', 'AAAA');
    expect(six).toMatch(/^fc/);
    const blocked = await fake('a.example');
    expect(blocked).toMatch(/^198\.1[89]\./);
    expect(blocked).not.toBe(here);
    // Nobody has to exist for that.
    expect(unbound.asked()).toEqual([]);
    expect(await dig(port, 'text.example', 'TXT')).toMatchObject({ data: ['"some words"'] });

    const get = (by: string, address: string): ReturnType<typeof curl> =>
      curl([
        ...['--socks5', `127.0.0.1:${program.port(by)}`, '--max-time', '5', '-w', ' %{http_code}'],
        ...['-H', 'Host: x', `http://${address.includes(':') ? `[${address}]` : address}:${web}/`],
      ]);
    expect((await get('socks', here)).stdout).toBe('for x 200');
    expect((await get('socks', six)).stdout).toBe('for x 200');
    expect((await get('socks', blocked)).stdout).toBe(' 403');
    expect(unbound.asked()).toContain('here.example A');
    expect(unbound.asked()).not.toContain('a.example A');
  });

  it('stand over reloads, as long as the blocks are the same', async () => {
    const dns = { servers: ['fakedns'] };
    const fakedns = { ipPool: '198.18.0.0/15', poolSize: 100 };
    const { port, program } = await startAsked(started, 1, { dns, fakedns });
    const reload = async (change: object): Promise<void> => {
      const config = JSON.parse(await readFile(program.configFile, 'utf8')) as object;
      await writeFile(program.configFile, JSON.stringify({ ...config, ...change }));
      process.kill(program.pid, 'SIGHUP');
    };
    const [given] = (await dig(port, 'a.test')).data;
    expect(given).toMatch(/^198\.1[89]\./);
    // The same blocks, in a new `fakedns` and a new `dns`; the answer for another name tells that they run.
    for (const [address, same] of [
      ['192.0.2.1', [fakedns]],
      ['192.0.2.2', fakedns],
    ] as const) {
      await reload({ dns: { servers: ['fakedns'], hosts: { 'new.test': address } }, fakedns: same });
      await expect.poll(async () => (await dig(port, 'new.test')).data, { timeout: 10_000 }).toEqual([address]);
      expect((await dig(port, 'a.test')).data).toEqual([given]);
    }
    await reload({ fakedns: { ...fakedns, ipPool: '10.0.0.0/8' } });
    await expect.poll(async () => (await dig(port, 'a.test')).data[0], { timeout: 10_000 }).toMatch(/^10\./);
  });

  it('are given out anew where the block has no more', async () => {
    const { port } = await startAsked(started, 1, {
      dns: { servers: ['fakedns'] },
      fakedns: { ipPool: '198.18.0.0/29', poolSize: 3 },
    });
    const given: string[] = [];
    for (let i = 0; i < 9; i += 1) given.push((await dig(port, `n${i}.test`)).data[0] ?? '');
    expect(new Set(given).size).toBe(6);
    for (const address of given) expect(address).toMatch(/^198\.18\.0\.[1-6]$/);
    expect((await dig(port, 'n8.test')).data).toEqual([given[8]]);
  });
});
