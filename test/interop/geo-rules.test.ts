import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { ipToBytes } from '@sluice/plugin-api';
import { afterEach, expect, it } from 'vitest';
import { describeGeoData } from '../peers/geo-data.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { sluice, startSluice } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';
import { startV2ray } from '../peers/v2ray.js';
import { geoipFile, geositeFile } from './geo-file.js';
import { serve, Started } from './program.fixture.js';

const started = new Started();
afterEach(() => started.close());

/** Asks for a target by SOCKS, and reads the letter that whoever is led to sends at once. */
async function probe(port: number, target: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (received = Buffer.concat([received, chunk])));
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  const ip = net.isIP(target) === 0 ? undefined : ipToBytes(target);
  const host = ip ?? Buffer.from([target.length, ...Buffer.from(target)]);
  const kind = ip === undefined ? 3 : ip.length === 4 ? 1 : 4;
  socket.write(Buffer.from([5, 1, 0]));
  await expect.poll(() => received.length).toBeGreaterThanOrEqual(2);
  socket.write(Buffer.from([5, 1, 0, kind, ...host, 0, 80]));
  await closed;
  return received.subarray(-1).toString();
}

/** The letters that V2Ray and we lead each target to: the number of the first rule that matches, or "-". */
async function outcomes(
  folder: string,
  rules: readonly object[],
  targets: readonly string[],
): Promise<{ theirs: Record<string, string>; ours: Record<string, string> }> {
  const letters = [...rules.map((_, index) => String(index)), '-'];
  const servers = await Promise.all(
    letters.map(async (letter) => started.add(await serve((socket) => socket.end(letter)))),
  );
  const config = {
    log: { loglevel: 'warning' },
    outbounds: [...letters.keys()].reverse().map((index) => ({
      tag: `to-${index}`,
      protocol: 'freedom',
      settings: { redirect: `127.0.0.1:${servers[index]?.port}` },
    })),
    routing: { rules: rules.map((rule, index) => ({ type: 'field', outboundTag: `to-${index}`, ...rule })) },
  };
  const env = { V2RAY_LOCATION_ASSET: folder };
  const inbound = { tag: 'in', listen: '127.0.0.1', port: await freePort(), protocol: 'socks' };
  const v2ray = started.add(await startV2ray({ ...config, inbounds: [{ protocol: 'socks' }] }, { env }));
  started.add(await startSluice({ ...config, inbounds: [inbound] }, [inbound.port], { env }));
  const all = async (port: number): Promise<Record<string, string>> => {
    return Object.fromEntries(
      await Promise.all(targets.map(async (target) => [target, await probe(port, target)] as const)),
    );
  };
  return { theirs: await all(v2ray.port), ours: await all(inbound.port) };
}

describePeers('geo data through V2Ray and through us', ['v2ray'], () => {
  it('leads everybody to the same place by files of every kind of entry', async () => {
    const folder = started.add(await dataFolder());
    const { theirs, ours } = await outcomes(
      folder.path,
      [
        { domain: ['geosite:shop@ads'] },
        { domain: ['geosite:SHOP', 'full:own.example'] },
        { domain: ['ext:mine.dat:list', 'ext-domain:mine.dat:other@a@b'] },
        { ip: ['geoip:private', '192.0.2.7'] },
        { ip: ['ext:nets.dat:home', 'ext-ip:nets.dat:far'] },
      ],
      [
        ...['shop.example', 'www.shop.example', 'notshop.example', 'banner.example', 'x.banner.example'],
        ...['own.example', 'my-keyword-here.example', 'r12.example', 'rr.example', 'mine.example', 'x.mine.example'],
        ...['both.example', 'one.example', 'unknown.example'],
        ...['10.1.2.3', '11.1.2.3', '192.0.2.7', '192.0.2.8', '198.51.100.1', '198.51.100.129', '2001:db8::1'],
      ],
    );
    expect(ours).toEqual(theirs);
    expect(new Set(Object.values(theirs))).toEqual(new Set(['0', '1', '2', '3', '4', '-']));
  });

  it('refuses what V2Ray refuses, and says where and what may be meant', async () => {
    const folder = started.add(await dataFolder());
    const file = join(folder.path, 'config.json');
    const rules = [{ type: 'field', outboundTag: 'out', domain: ['geosite:shpo'] }];
    await writeFile(file, JSON.stringify({ outbounds: [{ tag: 'out', protocol: 'freedom' }], routing: { rules } }));
    const { code, stdout, stderr } = await sluice(['check', file]);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/config\.json:1:\d+.*geosite\.dat has no category "shpo"; did you mean "shop"\?/s);
  });
});

describeGeoData('the published geo files through V2Ray and through us', (folder) => {
  describePeers('by the same configuration', ['v2ray'], () => {
    it('leads everybody to the same place', async () => {
      const { theirs, ours } = await outcomes(
        folder,
        [
          { domain: ['geosite:google@ads'] },
          { domain: ['geosite:google', 'geosite:telegram'] },
          { domain: ['geosite:category-ads-all'] },
          { domain: ['geosite:cn'] },
          { ip: ['geoip:private'] },
          { ip: ['geoip:cn'] },
        ],
        [
          ...['www.google.com', 'google.com', 'doubleclick.net', 'ad.doubleclick.net', 'fonts.googleapis.com'],
          ...['t.me', 'telegram.org', 'www.baidu.com', 'qq.com', 'example.org', 'r3---sn-2x3abcde.googlevideo.com'],
          ...['scorecardresearch.com', 'notgoogle.example', 'a.b.c.taobao.com', 'adnxs.com'],
          ...['10.0.0.1', '192.168.3.4', '114.114.114.114', '223.5.5.5', '8.8.8.8', '1.1.1.1', '2400:3200::1'],
        ],
      );
      expect(ours).toEqual(theirs);
      expect(new Set(Object.values(theirs)).size).toBeGreaterThan(4);
    });
  });
});

async function dataFolder(): Promise<{ path: string; close(): Promise<void> }> {
  const { path, remove } = await temporaryFolder('geo');
  const files = {
    'geosite.dat': geositeFile({
      SHOP: [
        [2, 'shop.example'],
        [3, 'banner.example', 'ads'],
        [0, 'keyword'],
        [1, '^r[0-9]+\\.example$'],
      ],
    }),
    'geoip.dat': geoipFile({ PRIVATE: ['10.0.0.0/8'] }),
    'mine.dat': geositeFile({
      LIST: [[3, 'mine.example']],
      OTHER: [
        [3, 'both.example', 'a', 'b'],
        [3, 'one.example', 'a'],
      ],
    }),
    'nets.dat': geoipFile({ HOME: ['198.51.100.0/25'], FAR: ['2001:db8::/32'] }),
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path, name), bytes);
  return { path, close: remove };
}
