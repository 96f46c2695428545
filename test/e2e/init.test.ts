import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectMtproto, startFakeDc } from '@sluice/testing';
import { parse } from 'jsonc-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { freePort, startProcess, type RunResult } from '../peers/process.js';
import { sluice } from '../peers/sluice.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));
const LOCAL = ['--listen', '127.0.0.1'];
const cleanups: (() => unknown)[] = [];
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder('init');
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await folder.remove();
});

const run = (...args: string[]): Promise<RunResult> => sluice(args, { cwd: folder.path });
const at = (name: string): string => join(folder.path, name);
const read = (name: string): Promise<string> => readFile(at(name), 'utf8');

async function start(file: string, port: number): Promise<void> {
  const ready = [{ host: '127.0.0.1', port }];
  const peer = await startProcess(process.execPath, [program, 'run', '-c', file], { cwd: folder.path, ready });
  cleanups.push(() => peer.close());
}

describe('sluice init', () => {
  it.each([
    ['jsonc', 'mtproto', []],
    ['yaml', 'mtproto', ['--users', 'ann', 'bob', '--domain', 'www.example.org']],
    ['toml', 'local', []],
    ['json', 'http', ['--users', 'ann']],
    ['yaml', 'socks', ['--listen', '0.0.0.0', '--users', 'ann', 'bob']],
  ])('writes %s for %s %j that is right, and its owner alone can read', async (format, preset, more) => {
    const made = await run('init', '--preset', preset, '--format', format, ...more);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const name = `config.sluice.${format}`;
    const checked = await run('check', '--strict', name);
    expect([checked.code, checked.stderr]).toEqual([0, '']);
    expect((await stat(at(name))).mode & 0o777).toBe(0o600);
    const text = await read(name);
    const schema = /file:\/\/\/[^"'\s]*sluice\.schema\.json/.exec(text)?.[0] ?? '';
    expect(JSON.parse(await readFile(new URL(schema), 'utf8'))).toHaveProperty('definitions');
    if (format !== 'json') expect(text).toContain('Made by `sluice init`');
    const settings = await read('.vscode/settings.json').catch(() => 'none');
    expect(settings.includes(schema)).toBe(format !== 'toml');
  });

  it('leads a client of Telegram to its data centre, by the link that it prints', async () => {
    const port = await freePort();
    const made = await run('init', '--preset', 'mtproto', ...LOCAL, '--port', String(port), '--users', 'ann');
    const [, secret = ''] = /tg:\/\/proxy\?server=127\.0\.0\.1&port=\d+&secret=(\w+)/.exec(made.stdout) ?? [];
    const dataCenter = await startFakeDc();
    cleanups.push(() => dataCenter.close());
    // As written, but for where Telegram is: nothing here leads to the real one.
    const text = (await read('config.sluice.jsonc')).replace(
      '"settings": {',
      `"settings": { "dataCenters": { "2": ["${dataCenter.address}"] },`,
    );
    await writeFile(at('config.sluice.jsonc'), text);
    await start('config.sluice.jsonc', port);
    const client = await connectMtproto({ host: '127.0.0.1', port, secret, dc: 2 });
    cleanups.push(() => client.close());
    expect((await client.requestPq()).fingerprints).toEqual([dataCenter.fingerprint]);
  });

  it('makes a SOCKS proxy for those who know the password that it prints', async () => {
    const port = await freePort();
    const made = await run('init', '--preset', 'socks', ...LOCAL, '--port', String(port), '--users', 'ann');
    const [, password = ''] = /^user ann, password (\S+)$/m.exec(made.stdout) ?? [];
    const server = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await start('config.sluice.jsonc', port);
    const got = await curl(['-x', `socks5://ann:${password}@127.0.0.1:${port}`, url]);
    expect([got.code, got.stdout]).toEqual([0, 'here']);
    const refused = await curl(['-x', `socks5://ann:${password}x@127.0.0.1:${port}`, url]);
    expect(refused.code).not.toBe(0);
  });

  it('writes over nothing without --force, and with it leaves the file to its owner', async () => {
    await writeFile(at('config.sluice.jsonc'), 'mine', { mode: 0o644 });
    const refused = await run('init', '--yes');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('EEXIST');
    expect(await read('config.sluice.jsonc')).toBe('mine');
    expect((await run('init', '--yes', '--force')).code).toBe(0);
    expect(await read('config.sluice.jsonc')).toContain('"mtproto"');
    expect((await stat(at('config.sluice.jsonc'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    [['--preset', 'socks', '--listen', '0.0.0.0'], '--users'],
    [[], '--preset'],
    [['--yes', '--port', '65536'], '65535'],
    [['--preset', 'local', '--port', '65535'], '65534'],
    [['--yes', '--listen', 'localhost'], 'IP address'],
    [['--yes', '--users', 'ann', 'ann'], 'twice'],
    [['--yes', '--domain', 'no name'], 'E_ADDRESS_INVALID'],
    [['--yes', '--output', 'a.conf'], '--format'],
  ])('refuses %j in a line, and writes nothing', async (args, expected) => {
    const { code, stdout, stderr } = await run('init', ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(expected);
    expect(stderr).toMatch(/^sluice: .*\n$/);
    await expect(stat(at('config.sluice.jsonc'))).rejects.toThrow('ENOENT');
  });
});

describe('sluice init at a terminal', () => {
  /** Types the lines, each when a question has come. @returns the exit code and what was on the screen */
  async function typed(lines: readonly string[], ...args: string[]): Promise<[unknown, string]> {
    const command = [process.execPath, program, 'init', ...args].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: folder.path,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
    let screen = '';
    let seen = 0;
    const left = [...lines];
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      // The cursor is put behind the question.
      if (!/: \u001b\[\d+G$/.test(screen.slice(seen))) return;
      seen = screen.length;
      const line = left.shift();
      if (line !== undefined) child.stdin.write(line);
    });
    const [code] = (await once(child, 'close')) as [unknown];
    clearTimeout(limit);
    return [code, screen];
  }

  it('asks for what is not said, again where the answer will not do', async () => {
    const answers = ['nonsense', 'socks', '', '70000', '12345', 'ann bob', 'mine.jsonc'];
    const [code, stdout] = await typed(answers.map((line) => `${line}\n`));
    expect([code, stdout]).toEqual([0, expect.stringContaining('"nonsense" is none of')]);
    expect(stdout).toContain('a port is a number from 1 to 65535');
    const config: unknown = parse(await read('mine.jsonc'));
    const accounts = ['ann', 'bob'].map((user) => ({ user, pass: expect.any(String) as string }));
    expect(config).toMatchObject({
      inbounds: [{ protocol: 'socks', listen: '127.0.0.1', port: 12345, settings: { accounts } }],
    });
    expect((await run('check', '--strict', 'mine.jsonc')).code).toBe(0);
  });

  it('asks nothing that was said, and has defaults for the rest', async () => {
    const [code, stdout] = await typed(['\n', '\n', '\n'], '--preset', 'http', '--port', '4321');
    expect(code).toBe(0);
    expect(stdout).not.toContain('What is it to be?');
    expect(stdout).not.toContain('Port');
    expect(parse(await read('config.sluice.jsonc'))).toMatchObject({ inbounds: [{ protocol: 'http', port: 4321 }] });
  });

  it('takes answers that were typed ahead', async () => {
    const [code, stdout] = await typed(['\n\n\n'], '--preset', 'http', '--port', '4321');
    expect([code, stdout]).toEqual([0, expect.stringContaining('config.sluice.jsonc: written')]);
  });

  it.each(['\u0003', '\u0004'])('writes nothing when whoever is asked leaves by %j', async (key) => {
    const [code, stdout] = await typed(['socks\n', key]);
    expect([code, stdout]).toEqual([130, expect.stringContaining('nothing was written')]);
    await expect(stat(at('config.sluice.jsonc'))).rejects.toThrow('ENOENT');
  });
});
