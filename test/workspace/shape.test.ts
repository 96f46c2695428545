import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly main?: string;
  readonly exports?: unknown;
  readonly private?: boolean;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

function foldersIn(place: string): string[] {
  return readdirSync(join(root, place), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, place, entry.name, 'package.json')))
    .map((entry) => `${place}/${entry.name}`);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

function readManifest(folder: string): Manifest {
  return readJson(join(folder, 'package.json')) as Manifest;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
}

const pluginFolders = foldersIn('plugins');
const folders = [...foldersIn('packages'), ...pluginFolders];
const { version } = readJson('lerna.json') as { version: string };
const { engines, license } = readManifest('.');

describe.each(folders)('%s', (folder) => {
  const manifest = readManifest(folder);

  it('has the version, engines and license of the workspace, and a description', () => {
    expect(manifest).toMatchObject({ version, engines, license, type: 'module' });
    expect(manifest.description).toMatch(/^\S.*\.$/);
  });

  it('exports its index alone, as source, types and build; a command and an extension export nothing', () => {
    if (manifest.bin !== undefined || manifest.main !== undefined) expect(manifest.exports).toBeUndefined();
    else
      expect(manifest.exports).toEqual({
        '.': { 'sluice:source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
      });
  });

  it('is packed without tests and without what only the compiler reads', () => {
    const packed = manifest.files ?? [];
    const unwanted = { src: ['!src/**/*.test.ts', '!src/**/*.fixture.ts'], dist: ['!dist/.tsbuildinfo'] };
    for (const [part, patterns] of Object.entries(unwanted))
      if (packed.includes(part)) expect(packed).toEqual(expect.arrayContaining(patterns));
    if (manifest.private !== true) expect(packed).not.toEqual([]);
  });

  it('depends on exactly this version of its siblings', () => {
    const siblings = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([name]) => name.startsWith('@sluice/'))
      .map(([, range]) => range);
    expect(new Set(siblings)).toEqual(new Set(siblings.length > 0 ? [version] : []));
  });

  it('is built by the root project', () => {
    const { references } = readJson('tsconfig.json') as { references: { path: string }[] };
    expect(references).toContainEqual({ path: folder });
  });

  it('names its files after what is in them', () => {
    const vague = sourcesOf(folder).filter((file) => /(^|[/\\])(utils?|helpers?|managers?|misc|common)\b/.test(file));
    expect(vague).toEqual([]);
  });
});

describe.each(pluginFolders)('%s', (folder) => {
  it.each(['package.json', 'README.md', 'src/index.ts', 'src/schema.ts', 'example.jsonc'])('has %s', (file) => {
    expect(existsSync(join(root, folder, file))).toBe(true);
  });

  it('has tests beside the code', () => {
    expect(sourcesOf(folder).filter((file) => file.endsWith('.test.ts'))).not.toEqual([]);
  });

  it('is named after its folder', () => {
    const { name } = readManifest(folder);
    expect(name).toBe(`@sluice/plugin-${folder.slice('plugins/'.length)}`);
  });
});
