import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFiles } from '../load.js';
import { plugins as known } from '../plugins.fixture.js';
import { takesApi } from './manifest.js';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-plugins-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(path: string, content: string | object): Promise<string> {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
}

/** A module that depends on nothing: plugins are plain objects in the end. */
const moduleOf = (name: string, outbound: string, apiVersion = 1): string => `
  export default {
    name: ${JSON.stringify(name)}, version: '1.0.0', apiVersion: ${apiVersion}, description: 'For tests.',
    outbounds: { ${JSON.stringify(outbound)}: {
      description: 'For tests.',
      schema: { type: 'object', properties: { depth: { type: 'integer' } } },
      create: () => ({ connect: () => Promise.reject(new Error('no')) }),
    } },
  };`;

/** An installed package. */
async function installed(name: string, manifest: object, module: string, where = ''): Promise<void> {
  const own = { api: '1', entry: './index.js', contributes: { outbounds: [name] }, ...manifest };
  await file(`${where}node_modules/${name}/package.json`, { name, version: '1.2.3', type: 'module', sluice: own });
  await file(`${where}node_modules/${name}/index.js`, module);
}

/** What is said of a configuration with these plugins, and the plugins that are in use beside the given ones. */
async function loaded(
  names: unknown,
  protocol?: string,
): Promise<{ said: string[]; used: string[]; settings: unknown }> {
  const outbounds = protocol === undefined ? [] : [{ protocol, settings: { depth: 3 } }];
  const config = { plugins: names, outbounds };
  const path = await file('etc/config.json', config);
  const { diagnostics, config: valid, plugins } = await loadFiles([path], { plugins: known });
  return {
    said: diagnostics.map(({ code, range, message }) => `${code} ${range?.line}:${range?.column} ${message}`),
    used: plugins.slice(known.length).map(({ name }) => name),
    settings: valid?.outbounds[0]?.settings,
  };
}

describe('a plugin that a configuration names', () => {
  it('is found as a package from the folder of the configuration upwards, and shapes its part of the file', async () => {
    await installed('depths', {}, moduleOf('depths', 'depths'));
    expect(await loaded(['depths'], 'depths')).toEqual({ said: [], used: ['depths'], settings: { depth: 3 } });
    const { diagnostics } = await loadFiles(
      [
        await file('etc/b.json', {
          plugins: ['depths'],
          outbounds: [{ protocol: 'depths', settings: { depth: 'x' } }],
        }),
      ],
      { plugins: known },
    );
    expect(diagnostics).toMatchObject([{ code: 'C_TYPE', pointer: '/outbounds/0/settings/depth' }]);
  });

  it('is found by its path, with or without a package around it, once however often it is named', async () => {
    await file('etc/local.mjs', moduleOf('local', 'near'));
    expect(await loaded(['./local.mjs', './local.mjs'], 'near')).toMatchObject({ said: [], used: ['local'] });
    await file('mine/package.json', {
      name: 'mine',
      sluice: { api: '1', entry: 'main.mjs', contributes: { outbounds: ['mine'] } },
    });
    await file('mine/main.mjs', moduleOf('mine', 'mine'));
    expect(await loaded(['../mine'], 'mine')).toMatchObject({ said: [], used: ['mine'] });
  });

  it('may be written in CommonJS, and compiled from what has a default export', async () => {
    const body = moduleOf('common', 'common').replace('export default', 'exports.default =');
    await file('etc/common.cjs', `Object.defineProperty(exports, '__esModule', { value: true });${body}`);
    expect(await loaded(['./common.cjs'], 'common')).toMatchObject({ said: [], used: ['common'] });
  });

  it.each<[string, unknown, () => Promise<unknown>, RegExp]>([
    [
      'is not installed',
      ['absent'],
      () => Promise.resolve(),
      /^C_PLUGIN_LOAD 1:13 the plugin "absent" .*npm install absent/,
    ],
    ['is no name', ['../../etc/passwd'], () => Promise.resolve(), /^C_PLUGIN_LOAD .*there is nothing at/],
    ['is a strange name', ['a/../b'], () => Promise.resolve(), /^C_PLUGIN_LOAD .*neither a package's name nor a path/],
    [
      'is no plugin',
      ['plain'],
      () => file('node_modules/plain/package.json', { name: 'plain' }),
      /^C_PLUGIN_LOAD .*no "sluice": it is no plugin/,
    ],
    [
      'is for another API',
      ['old'],
      () => installed('old', { api: '7' }, moduleOf('old', 'old')),
      /^C_PLUGIN_LOAD .*written for plugin API 7; this is 1/,
    ],
    [
      'was made for another API',
      ['newer'],
      () => installed('newer', {}, moduleOf('newer', 'newer', 2)),
      /^C_PLUGIN_LOAD .*plugin API 2; this is 1/,
    ],
    [
      'fails',
      ['./bad.mjs'],
      () => file('etc/bad.mjs', 'throw new TypeError("oh dear\\nmore")'),
      /^C_PLUGIN_LOAD .*its module failed: oh dear$/,
    ],
    [
      'has a syntax error',
      ['./bad.mjs'],
      () => file('etc/bad.mjs', 'export default {'),
      /^C_PLUGIN_LOAD .*its module failed/,
    ],
    [
      'exports something else',
      ['./no.mjs'],
      () => file('etc/no.mjs', 'export default 7'),
      /^C_PLUGIN_LOAD .*no plugin as its default export/,
    ],
    ['is text', ['./a.txt'], () => file('etc/a.txt', ''), /^C_PLUGIN_LOAD .*must be JavaScript/],
    [
      'does less than it says',
      ['less'],
      () => installed('less', { contributes: { outbounds: ['less'], inbounds: ['x'] } }, moduleOf('less', 'less')),
      /^C_PLUGIN_LOAD .*contributes "x" \(inbounds\), but it does not/,
    ],
    [
      'does more than it says',
      ['more'],
      () => installed('more', { contributes: {} }, moduleOf('more', 'more')),
      /^C_PLUGIN_LOAD .*contributes "more" \(outbounds\), of which/,
    ],
    [
      'leads out of its package',
      ['out'],
      () => installed('out', { entry: '../../x.js' }, ''),
      /^C_PLUGIN_LOAD .*leads out of the package/,
    ],
    [
      'takes a taken name',
      ['./t.mjs'],
      () => file('etc/t.mjs', moduleOf('thief', 'Exit')),
      /^C_PLUGIN_CLASH 1:13 the plugin ".\/t.mjs" contributes "Exit" \(outbounds\), which the plugin "echo" contributes/,
    ],
    [
      'has a taken name',
      ['./t.mjs'],
      () => file('etc/t.mjs', moduleOf('echo', 'other')),
      /^C_PLUGIN_CLASH .*has the name "echo"/,
    ],
    ['is no list', 'depths', () => Promise.resolve(), /^C_TYPE 1:12/],
  ])('says so when it %s', async (_, names, prepare, expected) => {
    await prepare();
    const { said, used } = await loaded(names);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(expected);
    expect(used).toEqual([]);
  });
});

it('takes versions of the API as they are written', () => {
  expect(['1', '^1', '>=1', '2 || 1', '1 - 3', '0-1'].map((api) => takesApi(api, 1))).toEqual(Array(6).fill(true));
  expect(['2', '>=2', '2 - 3', '', 'x', '1.0', '1 ||'].map((api) => takesApi(api, 1))).toEqual(Array(7).fill(false));
});
