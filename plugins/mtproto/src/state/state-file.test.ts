import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '@sluice/plugin-api';
import { MemoryLogger } from '@sluice/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateFile, type StateFileOptions } from './state-file.js';

let folder: string;
let path: string;
let logger: MemoryLogger;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-state-'));
  path = join(folder, 'state');
  logger = new MemoryLogger();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function file(options: Partial<StateFileOptions> = {}, at = path): StateFile {
  return new StateFile(at, { kind: 'test', version: 1, logger, ...options });
}

function failure(message: RegExp): Error {
  return expect.objectContaining({
    code: 'E_MTPROTO_STATE_FILE',
    message: expect.stringMatching(message) as string,
  }) as Error;
}

async function names(): Promise<string[]> {
  return (await readdir(folder)).sort();
}

describe('StateFile', () => {
  it('has no state until one is written, and then the last', async () => {
    expect(await file().read()).toBeUndefined();
    for (const state of ['one', 'two', '']) {
      await file().write(Buffer.from(state));
      expect((await file().read())?.toString()).toBe(state);
    }
    expect(await names()).toEqual(['state']);
    expect(logger.lines).toEqual([]);
  });

  it('gives back any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await file().write(bytes);
        expect(await file().read()).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 20 },
    );
  });

  it('gives back a state of several slices', async () => {
    const state = randomBytes(2_500_000);
    await file().write(state);
    expect((await file().read())?.equals(state)).toBe(true);
  });

  it('is for its owner alone, whatever was there before', async () => {
    await file().write(Buffer.from('one'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o666);
    await file().write(Buffer.from('two'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('makes missing folders, for the owner alone', async () => {
    const deep = join(folder, 'a', 'b', 'state');
    const state = file({}, deep);
    expect(await state.read()).toBeUndefined();
    await state.write(Buffer.from('deep'));
    expect((await file({}, deep).read())?.toString()).toBe('deep');
    for (const made of ['a', 'a/b']) expect((await stat(join(folder, made))).mode & 0o777).toBe(0o700);
  });

  it('fails where no folder can be made, and does not hang', async () => {
    // The kernel answers as if the folder above were missing.
    await expect(file({}, '/proc/sluice/a/state').write(Buffer.from('x'))).rejects.toThrow(
      failure(/cannot be written: E[A-Z]+$/),
    );
  });

  it('follows a symbolic link and leaves it', async () => {
    await mkdir(join(folder, 'real'));
    await file({}, join(folder, 'real/there')).write(Buffer.from('one'));
    await symlink('real/there', path);
    await file().write(Buffer.from('two'));
    expect(await readlink(path)).toBe('real/there');
    expect((await file({}, join(folder, 'real/there')).read())?.toString()).toBe('two');
  });

  it('writes one state at a time, and of those that wait only the newest', async () => {
    const state = file();
    const done: number[] = [];
    const writes = Array.from({ length: 50 }, (_, i) =>
      state.write(Buffer.from(`state ${i}`)).then(async () => {
        // Whoever is told that it is safe finds it, or a newer one.
        const there = Number((await file().read())?.toString().slice(6));
        expect(there).toBeGreaterThanOrEqual(i);
        done.push(i);
      }),
    );
    await Promise.all(writes);
    expect(done).toHaveLength(50);
    expect((await file().read())?.toString()).toBe('state 49');
    expect(await names()).toEqual(['state']);
  });

  it('does not let a small new state be overtaken by a large one that is under way', async () => {
    const state = file();
    const large = state.write(Buffer.alloc(8_000_000));
    // So that it has begun.
    await new Promise((resolve) => setImmediate(resolve));
    const small = state.write(Buffer.from('newer'));
    await small;
    expect((await file().read())?.toString()).toBe('newer');
    await large;
    expect((await file().read())?.toString()).toBe('newer');
  });

  it('is read whole while it is being written', async () => {
    const state = file();
    const sizes = [10, 300_000, 0, 100_000];
    await state.write(Buffer.alloc(10, 10 % 251));
    let writing = true;
    const write = (async () => {
      for (let i = 0; i < 40; i += 1) {
        const size = sizes[i % sizes.length]!;
        await state.write(Buffer.alloc(size, size % 251));
      }
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      const there = await file().read();
      expect(there?.every((byte) => byte === there.length % 251)).toBe(true);
      reads += 1;
    }
    await write;
    expect(reads).toBeGreaterThan(1);
  });
});

describe('StateFile: what cannot be read', () => {
  /** The file's bytes, once a state is in it. */
  async function sealed(): Promise<Buffer> {
    await file().write(Buffer.from('a state of some length'));
    return readFile(path);
  }

  async function expectSetAside(content: Buffer, why: RegExp): Promise<void> {
    logger.lines.length = 0;
    await writeFile(path, content);
    expect(await file().read()).toBeUndefined();
    expect(logger.lines).toEqual([expect.stringMatching(why)]);
    expect(logger.lines[0]).toMatch(/^warn begins without the state in .*; set aside as .*state\.damaged$/);
    expect(await readFile(`${path}.damaged`)).toEqual(content);
    expect(await names()).toEqual(['state.damaged']);
  }

  it('sets aside what is cut off, at every length', async () => {
    const content = await sealed();
    for (let length = 0; length < content.length; length += 1) {
      await expectSetAside(content.subarray(0, length), /: it is cut off;|: its checksum is wrong;/);
    }
  });

  it('sets aside what has any byte changed, or refuses it', async () => {
    const content = await sealed();
    for (let at = 0; at < content.length; at += 1) {
      const changed = Buffer.from(content);
      changed[at]! ^= 0x20;
      // Magic and kind say whose the file is: without them it is not ours to move.
      if (at < 24) {
        await writeFile(path, changed);
        await expect(file().read()).rejects.toThrow(failure(/: give the path of another$/));
        expect(await readFile(path)).toEqual(changed);
      } else await expectSetAside(changed, /: its checksum is wrong;/);
    }
  });

  it('sets aside what has something behind it', async () => {
    await expectSetAside(Buffer.concat([await sealed(), Buffer.from('x')]), /: its checksum is wrong;/);
  });

  it('sets aside another version of the same state, and begins anew', async () => {
    await file({ version: 2 }).write(Buffer.from('newer'));
    await expectSetAside(await readFile(path), /: another version of the program has written it;/);
    await file().write(Buffer.from('new'));
    expect((await file().read())?.toString()).toBe('new');
  });

  it('sets aside what is larger than the limit', async () => {
    await file().write(Buffer.alloc(1001));
    expect(await file({ maxBytes: 1000 }).read()).toBeUndefined();
    expect(logger.lines).toEqual([expect.stringContaining('it is larger than 1000 bytes; set aside')]);
    expect(await names()).toEqual(['state.damaged']);
  });

  it("does not touch the state of something else, nor anybody's file", async () => {
    await file({ kind: 'other' }).write(Buffer.from('other'));
    await expect(file().read()).rejects.toThrow(failure(/state cannot be read: it holds the state of something else/));
    expect((await file({ kind: 'other' }).read())?.toString()).toBe('other');
    for (const content of ['root:x:0:0', 'SLUICES', 'y'.repeat(5000)]) {
      await writeFile(path, content);
      const reading = file({ maxBytes: 1000 }).read();
      if (content === 'SLUICES') expect(await reading).toBeUndefined();
      else {
        await expect(reading).rejects.toThrow(failure(/it is no state file: give the path of another$/));
        expect(await readFile(path, 'utf8')).toBe(content);
      }
    }
  });

  it('refuses a folder in its place', async () => {
    await mkdir(path);
    await expect(file().read()).rejects.toThrow(failure(/it is no file/));
    await expect(file().write(Buffer.from('x'))).rejects.toThrow(
      failure(/cannot be written: (EISDIR|ENOTEMPTY|EEXIST)/),
    );
    expect(await names()).toEqual(['state']);
  });

  it('refuses a path through a file', async () => {
    await writeFile(path, 'a file');
    const state = file({}, join(path, 'state'));
    await expect(state.read()).rejects.toThrow(failure(/cannot be read: ENOTDIR/));
    await expect(state.write(Buffer.from('x'))).rejects.toThrow(failure(/cannot be written: (ENOTDIR|EEXIST)/));
  });

  it('throws errors of its own kind only', async () => {
    await mkdir(path);
    await expect(file().read()).rejects.toThrow(SluiceError);
  });
});

describe('StateFile: what cannot be written', () => {
  it('refuses more than the limit, and keeps what was there', async () => {
    const state = file({ maxBytes: 1000 });
    await state.write(Buffer.alloc(1000, 1));
    await expect(state.write(Buffer.alloc(1001))).rejects.toThrow(failure(/the state has 1001 bytes, more than 1000/));
    expect(await state.read()).toEqual(Buffer.alloc(1000, 1));
  });

  it('goes on after a failure', async () => {
    const state = file();
    await mkdir(path);
    const writes = [state.write(Buffer.from('one')), state.write(Buffer.from('two'))];
    for (const write of writes) await expect(write).rejects.toThrow(failure(/cannot be written/));
    await rm(path, { recursive: true });
    await state.write(Buffer.from('three'));
    expect((await state.read())?.toString()).toBe('three');
    expect(await names()).toEqual(['state']);
  });
});

describe('StateFile: what writes that were cut off have left', () => {
  /** A process id that nobody has. */
  const NOBODY = 2 ** 22 + 1;

  it('goes, but for that of a process that lives, and of others', async () => {
    const left = [
      `.state.${NOBODY}-0123456789ab-1.tmp`,
      // An earlier run of a container, where the first process always has the same id.
      `.state.${process.pid}-0123456789ab-7.tmp`,
    ];
    const others = [
      `.state.${process.ppid}-0123456789ab-1.tmp`,
      `.other.${NOBODY}-0123456789ab-1.tmp`,
      '.state.backup',
      `.state.${NOBODY}-0123456789ab-1.tmp.mine`,
    ];
    for (const name of [...left, ...others]) await writeFile(join(folder, name), 'half');
    expect(await file().read()).toBeUndefined();
    expect(await names()).toEqual(others.sort());
  });
});
