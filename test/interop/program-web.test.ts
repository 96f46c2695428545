import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChromium } from '../peers/chromium.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { startNginx, type Nginx } from '../peers/nginx.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { MIB, sha256, Started, startProgram, type Program } from './program.fixture.js';

describePeers('the program between browsers and nginx', ['chromium', 'curl', 'nginx'], () => {
  const started = new Started();
  const files = { big: randomBytes(10 * MIB), middle: randomBytes(300_000), small: randomBytes(100) };
  const hashes = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]));
  let folder: TemporaryFolder;
  let nginx: Nginx;
  let program: Program;

  beforeAll(async () => {
    folder = await temporaryFolder('site');
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder.path, name), bytes);
    await writeFile(join(folder.path, 'style.css'), 'body { color: rgb(1, 2, 3) }');
    await writeFile(join(folder.path, 'script.js'), "document.title = 'the script ran'");
    const page = '<link rel="stylesheet" href="/style.css"><script defer src="/script.js"></script><body>page';
    await writeFile(join(folder.path, 'index.html'), page);
    nginx = started.add(
      await startNginx({
        root: folder.path,
        server: 'location /conn { return 200 "$connection $connection_requests"; }',
      }),
    );
    program = started.add(
      await startProgram({
        inbounds: [
          { tag: 'socks', protocol: 'socks' },
          { tag: 'http', protocol: 'http' },
        ],
        outbounds: [{ tag: 'direct', protocol: 'freedom' }],
      }),
    );
  });

  afterAll(async () => {
    await started.close();
    await folder.remove();
  });

  it.each([
    ['SOCKS 4', 'socks4', 'socks', []],
    ['SOCKS 4A', 'socks4a', 'socks', []],
    ['SOCKS 5', 'socks5', 'socks', []],
    ['SOCKS 5 with names', 'socks5h', 'socks', []],
    ['HTTP', 'http', 'http', []],
    ['HTTP with CONNECT', 'http', 'http', ['--proxytunnel']],
  ] as const)('brings curl several files on one connection by %s', async (_way, scheme, tag, more) => {
    const proxy = ['--proxy', `${scheme}://127.0.0.1:${program.port(tag)}`, ...more];
    const names = Object.keys(files);
    const saved = names.map((name) => join(folder.path, `${name}.copy`));
    const { code, stdout, stderr } = await curl([
      ...proxy,
      '--fail',
      '-w',
      '%{num_connects}\\n',
      ...names.flatMap((name, i) => ['-o', saved[i] ?? '', nginx.url.replace('127.0.0.1', 'localhost') + `/${name}`]),
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('1\n0\n0\n');
    const copies = await Promise.all(saved.map((path) => readFile(path)));
    expect(copies.map(sha256)).toEqual(names.map((name) => hashes[name]));
  });

  it('keeps a tunnel to nginx open between requests', async () => {
    for (const proxy of [`socks5h://127.0.0.1:${program.port('socks')}`, `http://127.0.0.1:${program.port('http')}`]) {
      const url = `${nginx.url}/conn`;
      const { stdout } = await curl(['--proxy', proxy, '--proxytunnel', '-w', '\\n', url, url, url]);
      const seen = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      expect(seen.map(([, requests]) => requests)).toEqual(['1', '2', '3']);
      expect(new Set(seen.map(([connection]) => connection)).size).toBe(1);
    }
  });

  it.each([
    ['SOCKS', 'socks5', 'socks'],
    ['HTTP', 'http', 'http'],
  ] as const)('brings Chromium a page and all that belongs to it by %s', async (_way, scheme, tag) => {
    const before = program.output().length;
    const chromium = await startChromium({ proxy: `${scheme}://127.0.0.1:${program.port(tag)}` });
    try {
      const page = await chromium.browser.newPage();
      await page.goto(nginx.url);
      expect(await page.title()).toBe('the script ran');
      expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(1, 2, 3)');
      // All at once, twice over.
      const got = await page.evaluate(`Promise.all(${JSON.stringify([...Object.keys(files), ...Object.keys(files)])}
        .map(async (name, i) => {
          const bytes = await (await fetch('/' + name + '?' + i, { cache: 'no-store' })).arrayBuffer();
          const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
          return [name, Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')];
        }))`);
      expect(got).toEqual([...Object.entries(hashes), ...Object.entries(hashes)]);
    } finally {
      await chromium.close();
    }
    // It was the program that brought it.
    const line = new RegExp(`accepted tcp:127\\.0\\.0\\.1:${nginx.port} \\[${tag} -> direct\\]`);
    await expect.poll(() => program.output().slice(before)).toMatch(line);
  });
});
