import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { schemaFileOf } from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plugins } from '../plugins.fixture.js';
import { composeSchema } from '../schema/compose.js';
import { installedPlugins } from './installed.js';
import { pluginsNamedIn } from './named-in.js';
import { outlinesOf, type PluginOutlines } from './outline.js';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-outline-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(path: string, content: unknown): Promise<string> {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
}

/** Whose module must never be run. */
const TRAP = 'throw new Error("this was run");';

async function installed(name: string, sluice: object, schema?: unknown): Promise<void> {
  const own = {
    api: '1',
    entry: './index.js',
    ...(schema === undefined ? {} : { schema: './schema.json' }),
    ...sluice,
  };
  await file(`node_modules/${name}/package.json`, { name, version: '1.2.3', description: 'A plugin.', sluice: own });
  await file(`node_modules/${name}/index.js`, TRAP);
  if (schema !== undefined) await file(`node_modules/${name}/schema.json`, schema);
}

function outlined(...specifiers: string[]): PluginOutlines & { readonly said: string[] } {
  const outlines = outlinesOf(specifiers.map((specifier) => ({ specifier, folder, place: { pointer: '' } })));
  return { ...outlines, said: outlines.problems.map(({ wanted, message }) => `${wanted.specifier} ${message}`) };
}

const depths = {
  name: 'depths',
  version: '1.2.3',
  apiVersion: 1,
  description: 'A plugin.',
  outbounds: {
    depths: { description: 'Deep.', schema: { type: 'object', properties: { depth: { type: 'integer' } } } },
  },
};

describe('what is known of a plugin without running it', () => {
  it('is what its schema file says', async () => {
    await installed('depths', { contributes: { outbounds: ['depths'] } }, depths);
    expect(outlined('depths', 'depths')).toMatchObject({ plugins: [depths], said: [], isOpen: false });
  });

  it('is for a lone file in the schema file beside it', async () => {
    await file('local.js', TRAP);
    await file('local.schema.json', depths);
    expect(outlined('./local.js')).toMatchObject({ plugins: [depths], said: [], isOpen: false });
  });

  it('is at least the names in its manifest, with any options', async () => {
    await installed('names', { contributes: { outbounds: ['deep'], services: ['deepApi'] } });
    const { plugins: known, said, isOpen } = outlined('names');
    expect(known).toMatchObject([{ outbounds: { deep: { schema: {} } }, services: { deepApi: { schema: {} } } }]);
    expect(said).toEqual([expect.stringMatching(/^names has no schema file/)]);
    expect(isOpen).toBe(false);
    const schema = composeSchema({ plugins: known });
    expect(schema).toMatchObject({ properties: { deepApi: { description: 'A plugin. Default: none.' } } });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['nothing, of a lone file', () => file('x.js', TRAP), /^\.\/x\.js has no schema file/],
    ['nothing, of what is not there', () => Promise.resolve(), /^\.\/x\.js cannot be known: there is nothing at/],
    [
      'nothing, where the schema file is none',
      () => Promise.all([file('x.js', TRAP), file('x.schema.json', '[]')]),
      /its schema file .* is none: "sluice schema --of" writes one/,
    ],
    [
      'nothing, where the schema file is broken',
      () => Promise.all([file('x.js', TRAP), file('x.schema.json', '{"name"')]),
      /cannot be read as JSON/,
    ],
    [
      'nothing, where a schema in it is none',
      () => withSchema({ type: 'objekt' }),
      /"x" \(outbounds\) in its schema file has a "schema" that is no JSON Schema/,
    ],
    [
      'nothing, where a schema in it refers to another',
      () => withSchema({ properties: { a: { $ref: '#/definitions/inbound' } } }),
      /uses "\$ref": each schema there must be complete/,
    ],
    ['nothing, where a schema in it is missing', () => withSchema(undefined), /has no "schema"/],
  ])('is %s', async (_, prepare, expected) => {
    await prepare();
    const { plugins: known, said, isOpen } = outlined('./x.js');
    expect(known).toEqual([]);
    expect(said).toEqual([expect.stringMatching(expected)]);
    expect(isOpen).toBe(true);
  });

  async function withSchema(schema: unknown): Promise<void> {
    await file('x.js', TRAP);
    await file('x.schema.json', { ...depths, outbounds: { x: { description: 'X.', schema } } });
  }

  it('is nothing where the schema file and the manifest disagree, or it is for another API', async () => {
    await installed('more', { contributes: {} }, depths);
    await installed('older', { api: '0' }, depths);
    expect(outlined('more', 'older').said).toEqual([
      expect.stringMatching(/^more .*"depths" \(outbounds\), of which its package.json says nothing/),
      expect.stringMatching(/^older .*plugin API 0; this is 1/),
    ]);
  });
});

it('composes the same from schema files as from the plugins themselves', () => {
  expect(composeSchema({ plugins: plugins.map(schemaFileOf) })).toEqual(composeSchema({ plugins }));
});

it('allows names that nobody knows, where there may be some', () => {
  const schema = composeSchema({ plugins, isOpen: true });
  expect(schema).toMatchObject({
    additionalProperties: true,
    definitions: { inbound: { properties: { protocol: { anyOf: [{ enum: ['echo'] }, { type: 'string' }] } } } },
  });
});

it('finds the plugins that are installed for a folder, from there upwards', async () => {
  await installed('depths', {});
  await installed('@scope/other', {});
  await file('node_modules/plain/package.json', { name: 'plain', keywords: ['sluice'] });
  await file('node_modules/broken/package.json', '{ "sluice": {');
  await mkdir(join(folder, 'etc/inner'), { recursive: true });
  expect(installedPlugins(join(folder, 'etc/inner'))).toEqual(['@scope/other', 'depths']);
});

it('finds the plugins that files and folders name, in any format, and says which cannot be read', async () => {
  const a = await file('a.json', { plugins: ['a', './b.js'] });
  await file('conf/c.yaml', 'plugins: [c]\n');
  const broken = await file('broken.json', '{ "plugins": ["x"');
  const found = await pluginsNamedIn([a, join(folder, 'conf'), broken, join(folder, 'absent.json')]);
  expect(found.wanted.map(({ specifier, folder: from }) => [specifier, from])).toEqual([
    ['a', folder],
    ['./b.js', folder],
    ['c', join(folder, 'conf')],
  ]);
  expect(found.unreadable).toEqual([broken, join(folder, 'absent.json')]);
});
