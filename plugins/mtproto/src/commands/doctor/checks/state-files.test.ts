import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examinationOf, key, run } from '../examination.fixture.js';
import { someText } from '../expected.fixture.js';
import type { Finding } from '../finding.js';
import { stateFileChecks } from './state-files.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'state-'))));
afterEach(() => rm(folder, { recursive: true }));

async function told(settings: object): Promise<readonly Finding[]> {
  const examination = examinationOf({ users: [{ secret: key }], ...settings });
  return run(stateFileChecks(examination), examination);
}

describe('state files', () => {
  it('can be made where they are not there yet, and nothing is made now', async () => {
    const paths = ['usage', 'deep/er/replay', 'cache'].map((name) => join(folder, name));
    const [usageFile, stateFile, cacheFolder] = paths;
    expect(await told({ usageFile, replay: { stateFile }, middleProxy: { cacheFolder } })).toEqual([
      { subject: 'state files', about: `usageFile ${paths[0]}`, status: 'ok', seen: 'can be made' },
      { subject: 'state files', about: `replay.stateFile ${paths[1]}`, status: 'ok', seen: 'can be made' },
      { subject: 'state files', about: `middleProxy.cacheFolder ${paths[2]}`, status: 'ok', seen: 'can be made' },
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('can be written where they are', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(await told({ usageFile: file, middleProxy: { cacheFolder: folder } })).toMatchObject([
      { status: 'ok', seen: 'can be written' },
      { status: 'ok', seen: 'can be written' },
    ]);
  });

  it('must be what they are for', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(
      await told({ usageFile: folder, replay: { stateFile: join(file, 'x') }, middleProxy: { cacheFolder: file } }),
    ).toMatchObject([
      { status: 'problem', seen: 'is no file' },
      { status: 'problem', advice: someText },
      { status: 'problem', seen: 'is no folder' },
    ]);
  });

  it('need a folder that may be written to', async () => {
    await chmod(folder, 0o500);
    // Root may write everywhere.
    const status = process.getuid?.() === 0 ? 'ok' : 'problem';
    expect(await told({ usageFile: join(folder, 'x') })).toMatchObject([{ status }]);
  });

  it('are none where nothing is to be kept', async () => {
    expect(await told({})).toEqual([]);
  });
});
