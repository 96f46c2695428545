import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import type { LogConfig } from '@sluice/config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { printable } from './log-line.js';
import type { LogTargets } from './log-sink.js';
import { Logs } from './logs.js';

/** A console that remembers. */
function memory(): { target: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const target = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  return { target, text: () => Buffer.concat(chunks).toString() };
}

describe('Logs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const console = (): LogTargets & { text: () => string } => {
    const { target, text } = memory();
    return { error: target, access: target, text };
  };

  it('has written every line when it is closed, to the console and to files', async () => {
    const path = join(folder, 'not', 'there', 'yet.log');
    const targets = console();
    const logs = new Logs({ access: path, error: '', loglevel: 'info' }, targets);
    await logs.open();
    for (let i = 0; i < 5000; i += 1) {
      logs.access(`line ${i}`);
      logs.logger('test').info(`event ${i}`);
    }
    await Promise.all([logs.close(), logs.close()]);
    logs.access('too late');
    logs.logger('test').info('too late');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(5000);
    expect(lines.at(-1)).toMatch(/line 4999$/);
    expect(targets.text().trimEnd().split('\n')).toHaveLength(5000);
  });

  it.each(['a folder', 'a file as a folder'])('says which file cannot be opened, and closes: %s', async (kind) => {
    const path = kind === 'a folder' ? folder : '/dev/null/x.log';
    const targets = console();
    const logs = new Logs({ access: path, error: '', loglevel: 'info' }, targets);
    await expect(logs.open()).rejects.toMatchObject({ code: 'E_START_FAILED' });
    await expect(logs.open()).rejects.toThrow(path);
    for (let i = 0; i < 100; i += 1) logs.access('nowhere to go');
    await logs.close();
    expect(targets.text().match(/cannot be written/g)).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')('goes on when the disk is full, and says so once', async () => {
    const targets = console();
    const logs = new Logs({ access: '/dev/full', error: '', loglevel: 'info' }, targets);
    await logs.open();
    for (let i = 0; i < 100; i += 1) {
      logs.access('no space');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await logs.close();
    expect(targets.text()).toMatch(
      /^\S+ \S+ \[Error\] \[log\] the log file \/dev\/full cannot be written \(ENOSPC\)\n$/,
    );
  });

  it('keeps a bounded number of lines for a console that takes none, and says how many it lost', async () => {
    const stuck = new PassThrough();
    const logs = new Logs({ access: '', error: 'none', loglevel: 'info' }, { error: stuck, access: stuck });
    const line = 'x'.repeat(1000);
    for (let i = 0; i < 20_000; i += 1) logs.access(line);
    expect(stuck.readableLength + stuck.writableLength).toBeLessThan(5 * 1024 * 1024);
    let text = '';
    stuck.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (stuck.writableLength > 0) await new Promise((resolve) => setImmediate(resolve));
    logs.access('after');
    await logs.close();
    while (!text.includes('after')) await new Promise((resolve) => setImmediate(resolve));
    expect(text).toMatch(/\n\d+ lines were dropped here[^\n]*\n[^\n]*after\n$/);
  });

  it('outlives a console that is gone', async () => {
    const gone = new PassThrough();
    const first = new Logs({ access: '', error: '', loglevel: 'info' }, { error: gone, access: gone });
    const second = new Logs({ access: '', error: '', loglevel: 'info' }, { error: gone, access: gone });
    expect(gone.listenerCount('error')).toBe(1);
    gone.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await new Promise((resolve) => gone.on('close', resolve));
    first.logger('test').error('nobody reads this');
    await Promise.all([first.close(), second.close()]);
  });

  it('is silent where it is told to be, and opens no file then', async () => {
    const targets = console();
    const logs = new Logs({ access: 'none', error: join(folder, 'x.log'), loglevel: 'none' }, targets);
    await logs.open();
    logs.logger('test').error('nothing');
    logs.access('nothing');
    await logs.close();
    expect(targets.text()).toBe('');
    await expect(readFile(join(folder, 'x.log'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  const toFile = (name: string): LogConfig => ({ access: 'none', error: join(folder, name), loglevel: 'info' });

  it('stays with what a change has brought into use while the files were being opened anew', async () => {
    const logs = new Logs(toFile('old.log'));
    await logs.open();
    const next = logs.sink(toFile('new.log'));
    await next.open();
    const reopened = logs.reopen();
    await logs.use(next);
    await reopened;
    expect(logs.isMadeFrom(toFile('new.log'))).toBe(true);
    logs.logger('test').info('for the new one');
    await logs.close();
    expect(await readFile(join(folder, 'new.log'), 'utf8')).toContain('for the new one');
    expect(await readFile(join(folder, 'old.log'), 'utf8')).toBe('');
  });

  it('leaves no file open that was to be used after the end', async () => {
    const logs = new Logs(toFile('old.log'));
    await logs.open();
    const next = logs.sink(toFile('new.log'));
    await next.open();
    const reopened = logs.reopen();
    await Promise.all([logs.close(), logs.use(next), reopened]);
    const open = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
    expect((await Promise.all(open)).filter((path) => path.startsWith(folder))).toEqual([]);
  });

  it('lets nobody forge a line', () => {
    expect(printable('a\r\nb\u2028c\u001b[31m')).toBe('a??b?c?[31m');
  });
});
