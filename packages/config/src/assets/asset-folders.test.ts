import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defineRuleType, definePlugin, type SluiceError, Type } from '@sluice/plugin-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFiles } from '../load.js';
import { AssetFolders, assetFolders, type AssetContents } from './asset-folders.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-assets-'));
  await mkdir(at('first', 'directory.dat'), { recursive: true });
  await mkdir(at('second'));
  await writeFile(at('first', 'one.dat'), 'first one');
  await writeFile(at('second', 'one.dat'), 'second one');
  await writeFile(at('second', 'two.dat'), 'second two');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the folders of data files', () => {
  it.each(['V2RAY_LOCATION_ASSET', 'v2ray.location.asset'])('are the one that %s names', (name) => {
    const folders = assetFolders([at('config.json')], { [name]: at('first') });
    expect(folders[0]).toBe(at('first'));
    expect(folders).not.toContain(folder);
  });

  it("are otherwise the configuration's and the program's", () => {
    const folders = assetFolders([at('first', 'a.json'), at('second', 'b.json')], {});
    expect(folders.slice(0, 2)).toEqual([at('first'), at('second')]);
    expect(folders).toContain(dirname(process.argv[1] ?? ''));
  });
});

describe('data files', () => {
  const read = (name: string): string =>
    Buffer.from(new AssetFolders([at('first'), at('second')]).read(name)).toString();

  it('are taken from the first folder that has them', () => {
    expect([read('one.dat'), read('two.dat')]).toEqual(['first one', 'second two']);
  });

  it('are kept from one loading to the next until they change', async () => {
    const before: AssetContents = new Map();
    const kept = (): Uint8Array => new AssetFolders([folder], before).read('kept.dat');
    await writeFile(at('kept.dat'), 'one');
    const first = kept();
    expect(kept()).toBe(first);
    await writeFile(at('kept.dat'), 'other');
    expect(Buffer.from(kept()).toString()).toBe('other');
  });

  it('are read once', () => {
    const assets = new AssetFolders([at('first')]);
    expect(assets.read('one.dat')).toBe(assets.read('one.dat'));
  });

  it.each([
    ['tow.dat', /^there is no file tow\.dat in .*first, .*second .*; did you mean "two\.dat"\?$/],
    ['directory.dat', /directory\.dat cannot be read: it is not a file$/],
  ])('%s: an error that says why', (name, message) => {
    expect(() => read(name)).toThrow(expect.objectContaining({ code: 'E_CONFIG_INVALID' }) as SluiceError);
    expect(() => read(name)).toThrow(message);
  });
});

it('gives rules the files beside the configuration', async () => {
  const given: string[] = [];
  const ruleType = defineRuleType<object>({
    description: 'Reads a file.',
    schema: Type.Object({}),
    check: (_, __, assets) => void given.push(Buffer.from(assets.read('two.dat')).toString()),
    compile: () => ({ needsIp: false, matches: () => false }),
  });
  const plugin = definePlugin({
    name: 'files',
    version: '1.0.0',
    description: 'Files.',
    ruleTypes: { files: ruleType },
  });
  const file = at('second', 'config.json');
  await writeFile(file, JSON.stringify({ routing: { rules: [{ type: 'files', outboundTag: 'x' }] } }));
  await loadFiles([file], { plugins: [plugin], env: {} });
  expect(given).toEqual(['second two']);
});
