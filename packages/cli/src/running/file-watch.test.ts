import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchFiles } from './file-watch.js';

let folder = '';
let end: () => void = () => undefined;
const changed = vi.fn();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-watch-'));
  changed.mockClear();
});
afterEach(async () => {
  end();
  await rm(folder, { recursive: true });
});

const at = (...names: string[]): string => join(folder, ...names);
const told = async (): Promise<void> => {
  await expect.poll(() => changed.mock.calls.length, { timeout: 5000 }).toBeGreaterThan(0);
  changed.mockClear();
};

describe('watchFiles', () => {
  it('tells of a file that is written in several steps, replaced, removed and made again', async () => {
    await writeFile(at('c.json'), '1');
    end = watchFiles([at('c.json'), 'stdin:'], changed);
    for (const text of ['', '2', '22', '222']) await writeFile(at('c.json'), text);
    await told();
    await writeFile(at('new'), '3');
    await rename(at('new'), at('c.json'));
    await told();
    await rm(at('c.json'));
    await told();
    await writeFile(at('c.json'), '4');
    await told();
  });

  it('tells of every file of a folder', async () => {
    await mkdir(at('conf'));
    await writeFile(at('c.json'), '1');
    end = watchFiles([at('conf'), at('c.json')], changed);
    await writeFile(at('conf', 'a.json'), '1');
    await told();
    await writeFile(at('conf', 'b.json'), '1');
    await told();
  });

  it('tells of what a link leads to, and when it leads elsewhere', async () => {
    await mkdir(at('a'));
    await mkdir(at('b'));
    await writeFile(at('a', 'c.json'), '1');
    await writeFile(at('b', 'c.json'), '1');
    await symlink(at('a', 'c.json'), at('c.json'));
    end = watchFiles([at('c.json')], changed);
    await writeFile(at('a', 'c.json'), '2');
    await told();
    await symlink('b/c.json', at('new'));
    await rename(at('new'), at('c.json'));
    await told();
    await writeFile(at('b', 'c.json'), '2');
    await told();
  });

  // As Kubernetes does it: the file leads through a link to a folder, and that link is exchanged.
  it('tells when a link to the folder of a file leads elsewhere', async () => {
    for (const version of ['v1', 'v2']) {
      await mkdir(at(version));
      await writeFile(at(version, 'c.json'), version);
    }
    await symlink('v1', at('data'));
    await symlink('data/c.json', at('c.json'));
    end = watchFiles([at('c.json')], changed);
    await symlink('v2', at('data.new'));
    await rename(at('data.new'), at('data'));
    await told();
    await rm(at('v1'), { recursive: true });
    await writeFile(at('v2', 'c.json'), 'v3');
    await told();
  });

  it('does not mind links in a circle and folders that are not there', async () => {
    await symlink('two', at('one'));
    await symlink('one', at('two'));
    end = watchFiles([at('one'), at('none', 'c.json')], changed);
    await rm(at('one'));
    await writeFile(at('one'), '1');
    await told();
  });
});
