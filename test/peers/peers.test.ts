import { startFakeDc } from '@sluice/testing';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startChromium } from './chromium.js';
import { curl } from './curl.js';
import { describePeers } from './describe-peers.js';
import { startNginx, type Nginx } from './nginx.js';
import { freePort } from './process.js';
import { pingThrough, telegramClients } from './telegram/ping.js';
import { temporaryFolder } from './temporary.js';
import { startV2ray, type V2ray } from './v2ray.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startSite(): Promise<Nginx> {
  const folder = await temporaryFolder('site');
  cleanups.push(() => folder.remove());
  await writeFile(join(folder.path, 'index.html'), '<title>a real page</title>');
  const nginx = await startNginx({ root: folder.path });
  cleanups.push(() => nginx.close());
  return nginx;
}

async function startHttpAndSocks(): Promise<V2ray> {
  const peer = await startV2ray({
    inbounds: [{ protocol: 'http' }, { protocol: 'socks' }],
    outbounds: [{ protocol: 'freedom' }],
  });
  cleanups.push(() => peer.close());
  return peer;
}

describePeers('curl and nginx', ['curl', 'nginx', 'v2ray'], () => {
  it('meet', async () => {
    const { url } = await startSite();
    const { code, stdout } = await curl(['--fail', url]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '<title>a real page</title>' });
  });

  it('meet through V2Ray, by HTTP and by SOCKS', async () => {
    const { url } = await startSite();
    const { ports } = await startHttpAndSocks();
    const proxies = [
      ['--proxy', `http://127.0.0.1:${ports[0]}`],
      ['--socks5-hostname', `127.0.0.1:${ports[1]}`],
    ];
    for (const proxy of proxies) expect((await curl([...proxy, '--fail', url])).code).toBe(0);
  });

  it('tell of a refused connection', async () => {
    const { code, stderr } = await curl([`http://127.0.0.1:${await freePort()}`]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/connect/i);
  });

  it('are gone once closed', async () => {
    const nginx = await startSite();
    await nginx.close();
    expect(() => process.kill(nginx.pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }) as Error);
    expect((await curl([nginx.url])).code).toBe(7);
  });
});

describePeers('Chromium', ['chromium', 'nginx', 'v2ray'], () => {
  it.each(['http', 'socks5'] as const)(
    'opens a page through V2Ray by %s',
    async (kind) => {
      const { url } = await startSite();
      const peer = await startHttpAndSocks();
      const chromium = await startChromium({ proxy: `${kind}://127.0.0.1:${peer.ports[kind === 'http' ? 0 : 1]}` });
      cleanups.push(() => chromium.close());
      const page = await chromium.browser.newPage();
      await page.goto(url);
      expect(await page.title()).toBe('a real page');
      // Without its proxy the page is out of reach: it was the proxy that brought it.
      await peer.close();
      await expect(page.goto(`${url}/?again`)).rejects.toThrow(/PROXY_CONNECTION_FAILED|SOCKS_CONNECTION_FAILED/);
    },
    60_000,
  );
});

describePeers('V2Ray', ['v2ray'], () => {
  it('says why it does not start', async () => {
    const config = { inbounds: [{ protocol: 'mtproto', settings: { users: [] } }] };
    await expect(startV2ray(config)).rejects.toThrow(/zero MTProto users configured/);
  });
});

describePeers('the Telegram clients', ['telethon'], () => {
  it.each(telegramClients)(
    '%s tells when the other side knows another secret',
    async (client) => {
      const dc = await startFakeDc();
      cleanups.push(() => dc.close());
      const target = { host: dc.host, port: dc.port, secret: '0'.repeat(32) };
      expect(await pingThrough(client, target, 4_000)).toMatchObject({ ok: false });
      expect((await dc.nextRejected()).error?.message).toMatch(/no known framing/);
    },
    15_000,
  );

  it.each(telegramClients)(
    '%s tells when nobody listens',
    async (client) => {
      const target = { host: '127.0.0.1', port: await freePort(), secret: '0'.repeat(32) };
      expect(await pingThrough(client, target, 4_000)).toMatchObject({ ok: false });
    },
    15_000,
  );

  it('do not wait for ever', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(async () => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const result = await pingThrough('gramjs', { host: '127.0.0.1', port, secret: '0'.repeat(32) }, 2_000);
    expect(result).toMatchObject({ ok: false, detail: expect.stringMatching(/^no answer in time/) as string });
  }, 15_000);
});
