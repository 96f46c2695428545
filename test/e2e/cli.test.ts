import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort, untilListening } from '../peers/process.js';
import { sluice, startSluice } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));
const configs = fileURLToPath(new URL('../../configs/', import.meta.url));
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function file(text: string, name = 'config.json'): Promise<string> {
  const folder = await temporaryFolder('cli');
  cleanups.push(() => folder.remove());
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
}

const door = (port: number): object => ({
  log: { loglevel: 'warning' },
  inbounds: [
    {
      tag: 'door',
      listen: '127.0.0.1',
      port,
      protocol: 'dokodemo-door',
      settings: { address: '127.0.0.1', port: 9, network: 'tcp' },
    },
  ],
  outbounds: [{ protocol: 'freedom' }],
});

describe('sluice check', () => {
  it('lists every problem with its place and exits with 1', async () => {
    const path = await file(`{
  "inbounds": [
    { "tag": "a", "port": 70000, "protocol": "socks", "settings": {} },
    { "tag": "a", "port": 1080, "protocol": "sokcs" }
  ],
  "outbounds": [{ "protocol": "freedom", "setings": {} }]
}`);
    const { code, stderr, stdout } = await sluice(['check', path]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${path}:3:`);
    expect(stderr).toContain(`${path}:4:`);
    expect(stderr).toMatch(/did you mean "?socks/i);
    expect(stderr).toMatch(/did you mean "?settings/i);
    expect(stdout).toMatch(/refused \(\d+ errors?, \d+ warnings?\)/);
    const json = await sluice(['check', '--json', path]);
    expect(json.code).toBe(1);
    const { ok, diagnostics } = JSON.parse(json.stdout) as { ok: boolean; diagnostics: { range?: { line: number } }[] };
    expect(ok).toBe(false);
    expect(diagnostics.map(({ range }) => range?.line)).toEqual(expect.arrayContaining([3, 4, 6]));
  });

  it('takes several files each by itself, or merged', async () => {
    const inbound = JSON.stringify({ inbounds: [{ tag: 'a', listen: '127.0.0.1', port: 1, protocol: 'socks' }] });
    const [first, second] = [await file(inbound), await file(inbound)];
    const broken = await file('{ "inbounds": 1 }');
    expect((await sluice(['check', first, second])).stdout.match(/: OK/g)).toHaveLength(2);
    const mixed = await sluice(['check', first, broken]);
    expect([mixed.code, mixed.stdout.match(/: OK/g)?.length, mixed.stdout.match(/: refused/g)?.length]).toEqual([
      1, 1, 1,
    ]);
    const merged = await sluice(['check', '--merge', first, second]);
    expect([merged.code, merged.stdout.match(/: OK/g)?.length]).toEqual([0, 1]);
  });

  it('says which file cannot be read', async () => {
    const { code, stderr } = await sluice(['check', '/nonexistent/config.json']);
    expect(code).toBe(1);
    expect(stderr).toContain('/nonexistent/config.json');
    expect(stderr).not.toMatch(/\bat .*\.js:\d+/);
  });
});

describe('sluice run', () => {
  it('starts nothing from a broken configuration', async () => {
    const port = await freePort();
    const path = await file(JSON.stringify({ ...door(port), outbounds: [{ protocol: 'nonsense' }] }));
    for (const args of [
      ['run', '-c', path],
      ['-config', path],
      ['-test', '-config', path],
      ['-test', `-config=${path}`],
    ]) {
      const { code, stderr } = await sluice(args);
      expect(code).toBe(1);
      expect(stderr).toContain('nothing was started');
    }
  });

  it('tests a configuration as V2Ray does', async () => {
    const path = await file(JSON.stringify(door(await freePort())));
    const { code, stdout } = await sluice(['-test', '-config', path]);
    expect([code, stdout.trim()]).toEqual([0, 'Configuration OK.']);
  });

  it('names the port in use and the inbound that wants it, and exits with 1', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const { code, stderr } = await sluice(['run', '-c', await file(JSON.stringify(door(port)))]);
    expect(code).toBe(1);
    expect(stderr).toContain(`inbound "door" (dokodemo-door) cannot listen: 127.0.0.1:${port} is already in use`);
    expect(stderr).not.toMatch(/\bat .*\.js:\d+/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly on %s', async (signal) => {
    const port = await freePort();
    const peer = await startSluice(door(port), [port]);
    cleanups.push(() => peer.close());
    process.kill(peer.pid, signal);
    expect(await peer.exited).toBe(0);
    expect(peer.output()).toContain(`door (dokodemo-door) on tcp 127.0.0.1:${port}`);
  });

  it('stays without an inbound, as V2Ray does, until a signal ends it', async () => {
    const child = spawn(process.execPath, [program, 'run', '-c', await file('{}')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanups.push(async () => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect(await exited).toEqual([0, null]);
  });

  it('merges several files as V2Ray does', async () => {
    const port = await freePort();
    const first = await file(JSON.stringify(door(port)));
    const second = await file(JSON.stringify({ outbounds: [{ tag: 'x', protocol: 'blackhole' }] }));
    const { code, stdout } = await sluice(['run', '--test', '-c', first, '-c', second]);
    expect([code, stdout.trim()]).toEqual([0, 'Configuration OK.']);
  });
});

describe('sluice version, secret and link', () => {
  it('print what they are asked for', async () => {
    expect((await sluice(['version'])).stdout).toMatch(/^sluice \d+\.\d+\.\d+ \(node /);
    const made = (await sluice(['mtproto', 'secret'])).stdout.trim();
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    expect((await sluice(['mtproto', 'secret'])).stdout.trim()).not.toBe(made);
    const link = await sluice([
      'mtproto',
      'link',
      '-c',
      join(configs, 'mtproto.json'),
      '--server',
      'proxy.example.org',
    ]);
    expect(link.code).toBe(0);
    expect(link.stdout).toContain(
      'tg://proxy?server=proxy.example.org&port=443&secret=ddb0cbcef5a486d9636472ac27f8e11a9d',
    );
  });

  it('say whether a configuration is unreadable or wrong', async () => {
    const wrong = await sluice(['mtproto', 'link', '-c', await file('{ "inbounds": 1 }')]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('(E_CONFIG_INVALID)')]);
    const unread = await sluice(['mtproto', 'link', '-c', '/nonexistent/config.json']);
    expect([unread.code, unread.stderr]).toEqual([1, expect.stringContaining('(E_CONFIG_READ)')]);
  });

  it('write a QR code that only its owner may read', async () => {
    const folder = await temporaryFolder('qr');
    cleanups.push(() => folder.remove());
    const path = join(folder.path, 'code.svg');
    const link = await sluice(['mtproto', 'link', '-c', join(configs, 'mtproto.json'), '--qr', '--qr-file', path]);
    expect([link.code, link.stderr]).toEqual([0, '']);
    expect(link.stdout).toMatch(/[█▀▄]{20}/);
    expect(await readFile(path, 'utf8')).toContain('<svg');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('fail on unknown commands and options without a stack', async () => {
    for (const args of [['nonsense'], ['run'], ['run', '--nonsense'], ['mtproto', 'nonsense']]) {
      const { code, stderr } = await sluice(args);
      expect(code).not.toBe(0);
      expect(stderr).not.toMatch(/\bat .*\.js:\d+/);
    }
  });
});

describe('standard output', () => {
  it.runIf(existsSync('/dev/full'))('on a full disk fails the command without a stack', async () => {
    const disk = await open('/dev/full', 'w');
    cleanups.push(() => disk.close());
    const child = spawn(process.execPath, [program, 'version'], { stdio: ['ignore', disk.fd, 'pipe'] });
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(stderr).toBe('sluice: standard output cannot be written: ENOSPC\n');
  });

  it('that nobody reads any more does not end a running core', async () => {
    const port = await freePort();
    const path = await file(JSON.stringify({ ...door(port), log: { access: 'none' } }));
    const child = spawn(process.execPath, [program, 'run', '-c', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    cleanups.push(async () => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    child.stdout.destroy();
    const closed = once(child, 'close');
    await untilListening(port);
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});

describe('configs/', async () => {
  const names = (await readdir(configs)).filter((name) => /\.jsonc?$/.test(name));

  it.each(names)('%s is accepted without a warning and starts', async (name) => {
    const path = join(configs, name);
    const { code, stderr } = await sluice(['check', '--strict', path]);
    expect([code, stderr]).toEqual([0, '']);
    const config = parse(await readFile(path, 'utf8')) as { inbounds: { port: number; listen?: string }[] };
    const ports = await Promise.all(config.inbounds.map(() => freePort()));
    const inbounds = config.inbounds.map((inbound, i) => ({ ...inbound, listen: '127.0.0.1', port: ports[i] }));
    const peer = await startSluice({ ...config, inbounds }, ports);
    cleanups.push(() => peer.close());
    await peer.close();
    expect(await peer.exited).toBe(0);
  });
});
