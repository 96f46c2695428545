import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpInbound } from '@sluice/plugin-http';
import { hostInbound, type InboundHost } from '@sluice/testing';
import { startChromium } from '../peers/chromium.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { startNginx, type Nginx } from '../peers/nginx.js';
import { freePort } from '../peers/process.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { startV2ray } from '../peers/v2ray.js';
import { expectAtRest, expectTransfer, transferTarget } from './socks-transfer.js';

const MIB = 1024 * 1024;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describePeers('curl and nginx with the HTTP inbound between them', ['curl', 'nginx'], () => {
  const body = randomBytes(10 * MIB);
  let folder: TemporaryFolder;
  let nginx: Nginx;
  let hasher: http.Server;
  let host: InboundHost;

  beforeAll(async () => {
    folder = await temporaryFolder('http');
    await writeFile(join(folder.path, 'body'), body);
    await writeFile(join(folder.path, 'index.html'), 'hello');
    // nginx takes uploads in and has them hashed.
    hasher = http.createServer((request, response) => {
      const hash = createHash('sha256');
      request.pipe(hash).on('finish', () => response.end(hash.digest('hex')));
    });
    hasher.listen(0, '127.0.0.1');
    await once(hasher, 'listening');
    const { port } = hasher.address() as AddressInfo;
    nginx = await startNginx({
      root: folder.path,
      server: `location /hash { proxy_pass http://127.0.0.1:${port}; }\nlocation /echo { return 200 "$request_method $request_uri $http_host|$http_via$http_proxy_authorization$http_proxy_connection"; }`,
    });
  });

  afterAll(async () => {
    await nginx.close();
    hasher.close();
    await folder.remove();
  });

  afterEach(async () => {
    await host.close();
    await expectAtRest(host.plane);
  });

  const start = async (settings: object = {}): Promise<string[]> => {
    host = await hostInbound(httpInbound, settings);
    return ['--proxy', `http://127.0.0.1:${host.port}`];
  };

  it.each([
    ['plainly', '--proxy', []],
    ['by CONNECT', '--proxy', ['--proxytunnel']],
    ['by HTTP/1.0', '--proxy', ['--http1.0']],
    ['by CONNECT with HTTP/1.0', '--proxy1.0', ['--proxytunnel']],
  ])('load 10 MiB %s', async (_how, option, more) => {
    await start();
    const result = await curl([option, `127.0.0.1:${host.port}`, ...more, '--fail', `${nginx.url}/body`]);
    expect(result.stderr).toBe('');
    expect(sha256(result.body)).toBe(sha256(body));
  });

  it.each([
    ['plainly', []],
    ['in chunks', ['-H', 'Transfer-Encoding: chunked']],
    ['in chunks after a word of the server', ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue']],
    ['after a word of the server', ['-H', 'Expect: 100-continue']],
    ['by CONNECT', ['--proxytunnel']],
  ])('send 10 MiB %s', async (_how, more) => {
    const result = await curl([...(await start()), ...more, '--data-binary', '@-', `${nginx.url}/hash`], {
      input: body,
    });
    expect(result).toMatchObject({ stderr: '', stdout: sha256(body) });
  });

  it('use one connection for several plain requests', async () => {
    const urls = [
      `${nginx.url}/`,
      `${nginx.url}/echo?1`,
      `${nginx.url.replace('127.0.0.1', 'localhost')}/echo?2`,
      `${nginx.url}/none`,
      `${nginx.url}/body`,
    ];
    const args = [
      ...(await start()),
      '-w',
      '\\n%{num_connects} %{http_code}\\n',
      ...urls.flatMap((url, i) => (i === 4 ? ['-o', join(folder.path, 'copy'), url] : [url])),
    ];
    const { stdout, stderr } = await curl(args);
    expect(stderr).toBe('');
    expect(stdout.match(/^\d \d{3}$/gm)).toEqual(['1 200', '0 200', '0 200', '0 404', '0 200']);
    expect(stdout).toContain(`GET /echo?1 127.0.0.1:${nginx.port}|\n`);
    expect(stdout).toContain(`GET /echo?2 localhost:${nginx.port}|\n`);
  });

  it('read heads only, and parts', async () => {
    const proxy = await start();
    const { stdout } = await curl([...proxy, '--head', `${nginx.url}/body`, `${nginx.url}/`]);
    expect(stdout.match(/^Content-Length: \d+/gm)).toEqual([`Content-Length: ${body.length}`, 'Content-Length: 5']);
    const part = await curl([...proxy, '--range', '1000-1999', `${nginx.url}/body`]);
    expect(part.body.equals(body.subarray(1000, 2000))).toBe(true);
  });

  it.each([
    ['plainly', []],
    ['by CONNECT', ['--proxytunnel']],
  ])('log in %s', async (_how, more) => {
    const proxy = await start({ accounts: [{ user: 'ann', pass: 'p:w@1' }] });
    const ask = [...proxy, ...more, '-w', '%{http_code}', '-o', '/dev/null', '-s', nginx.url];
    const code = more.length > 0 ? { code: 56 } : { stdout: '407' };
    expect(await curl(ask)).toMatchObject(code);
    expect(await curl(['--proxy-user', 'ann:wrong', ...ask])).toMatchObject(code);
    expect(await curl(['--proxy-user', 'ann:p:w@1', ...ask])).toMatchObject({ code: 0, stdout: '200' });
    // Asks first, then logs in on the same connection.
    expect(await curl(['--proxy-anyauth', '--proxy-user', 'ann:p:w@1', ...ask])).toMatchObject({
      code: 0,
      stdout: '200',
    });
  });

  it('tell of a target that refuses', async () => {
    const closed = `http://127.0.0.1:${await freePort()}/`;
    const proxy = await start();
    expect(await curl([...proxy, '-w', '%{http_code}', closed])).toMatchObject({ code: 0, stdout: '502' });
    expect(await curl([...proxy, '--proxytunnel', closed])).toMatchObject({
      code: 56,
      stderr: expect.stringContaining('502') as string,
    });
  });
});

describePeers('Chromium with the HTTP inbound', ['chromium', 'nginx'], () => {
  it('opens a page', async () => {
    const folder = await temporaryFolder('site');
    await writeFile(join(folder.path, 'index.html'), '<title>a real page</title>');
    const nginx = await startNginx({ root: folder.path });
    const host = await hostInbound(httpInbound, {});
    const chromium = await startChromium({ proxy: `http://127.0.0.1:${host.port}` });
    try {
      const page = await chromium.browser.newPage();
      await page.goto(nginx.url);
      expect(await page.title()).toBe('a real page');
      expect((await host.nextEnd()).result).toMatchObject({ end: 'done' });
    } finally {
      await chromium.close();
      await host.close();
      await nginx.close();
      await folder.remove();
    }
    await expectAtRest(host.plane);
  });
});

describe('a WebSocket client with the HTTP inbound', () => {
  it('switches protocols by a plain request', async () => {
    const server = http.createServer();
    server.on('upgrade', (_request, socket: net.Socket, head: Buffer) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      if (head.length > 0) socket.write(head);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const host = await hostInbound(httpInbound, {});
    const asked = http.get({
      host: '127.0.0.1',
      port: host.port,
      path: `http://127.0.0.1:${port}/`,
      headers: { connection: 'Upgrade', upgrade: 'echo' },
      agent: false,
    });
    const [, socket] = (await once(asked, 'upgrade')) as [http.IncomingMessage, net.Socket];
    const body = randomBytes(MIB);
    socket.end(body);
    const back: Buffer[] = [];
    for await (const chunk of socket) back.push(chunk as Buffer);
    expect(Buffer.concat(back).equals(body)).toBe(true);
    await host.close();
    server.close();
    await expectAtRest(host.plane);
  });
});

describePeers('V2Ray as the client of the HTTP inbound', ['v2ray'], () => {
  it.each([
    ['without a password', {}, {}],
    ['with a password', { accounts: [{ user: 'ann', pass: 'p:w@1' }] }, { users: [{ user: 'ann', pass: 'p:w@1' }] }],
  ])('carries 10 MiB both ways %s', async (_name, settings, credentials) => {
    const target = await transferTarget();
    const host = await hostInbound(httpInbound, settings);
    const v2ray = await startV2ray({
      log: { loglevel: 'warning' },
      inbounds: [{ protocol: 'dokodemo-door', settings: { network: 'tcp', address: '127.0.0.1', port: target.port } }],
      outbounds: [
        { protocol: 'http', settings: { servers: [{ address: '127.0.0.1', port: host.port, ...credentials }] } },
      ],
    });
    try {
      await expectTransfer(net.connect({ port: v2ray.port, host: '127.0.0.1', allowHalfOpen: true }), target, true);
      // The starter's test connections may have come first.
      for (;;) {
        const { session, result } = await host.nextEnd();
        if (result?.uplink !== 10 * MIB) continue;
        expect(session.user?.email).toBe('users' in credentials ? 'ann' : undefined);
        break;
      }
    } finally {
      await v2ray.close();
      await host.close();
      await target.close();
    }
    await expectAtRest(host.plane);
  });
});
