import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from '@sluice/config';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { plugins } from '../config-files.js';
import { schema, type SchemaOptions } from './schema.js';

let folder = '';
const home = process.cwd();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-schema-'));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(home);
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

async function file(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A module that says, should it be run, that it was. */
const module = (name: string): string => `
  globalThis.ran = [...(globalThis.ran ?? []), ${JSON.stringify(name)}];
  export default {
    name: ${JSON.stringify(name)}, version: '1.0.0', apiVersion: 1, description: 'For tests.',
    outbounds: { ${JSON.stringify(name)}: {
      description: 'For tests.',
      schema: { type: 'object', properties: { depth: { type: 'integer', description: 'How deep.' } } },
      create: () => ({ connect: () => Promise.reject(new Error('no')) }),
    } },
  };`;

async function installed(name: string): Promise<void> {
  const sluice = { api: '1', entry: './index.js', schema: './schema.json', contributes: { outbounds: [name] } };
  await file(`node_modules/${name}/package.json`, { name, version: '1.0.0', type: 'module', sluice });
  await file(`node_modules/${name}/index.js`, module(name));
  await file(`node_modules/${name}/schema.json`, {
    name,
    version: '1.0.0',
    apiVersion: 1,
    description: 'For tests.',
    outbounds: {
      [name]: {
        description: 'For tests.',
        schema: { type: 'object', properties: { depth: { type: 'integer', description: 'How deep.' } } },
      },
    },
  });
}

async function written(
  options: SchemaOptions,
): Promise<{ code: number; value: Record<string, unknown>; said: string }> {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  const code = await schema({ ...options, output: 'out.json' });
  return { code, value: JSON.parse(await readFile('out.json', 'utf8')) as Record<string, unknown>, said };
}

function protocols(value: Record<string, unknown>): readonly string[] {
  const { outbound } = value.definitions as { outbound: { properties: { protocol: { enum: string[] } } } };
  return outbound.properties.protocol.enum;
}

const ran = (): unknown => (globalThis as { ran?: unknown }).ran;

describe('sluice schema', () => {
  it('writes what the built-in plugins compose', async () => {
    expect(await written({})).toEqual({ code: 0, value: composeSchema({ plugins }), said: '' });
  });

  it('knows plugins that are installed, and those that a configuration names, without running them', async () => {
    await installed('near');
    await file('etc/node_modules/.keep', '');
    await file('etc/config.yaml', 'plugins: [./local.js]\n');
    await file('etc/local.js', module('local'));
    const { value: known, code, said } = await written({ config: ['etc/config.yaml'] });
    expect(code).toBe(1);
    expect(said).toMatch(/the plugin ".\/local.js" has no schema file/);
    expect(known).toMatchObject({ additionalProperties: true });
    await file(
      'etc/local.schema.json',
      await readFile('node_modules/near/schema.json', 'utf8').then((text) => text.replaceAll('near', 'local')),
    );
    const { value, code: ok } = await written({ config: ['etc/config.yaml'] });
    expect(ok).toBe(0);
    expect(protocols(value)).toEqual(expect.arrayContaining(['near', 'local', 'freedom']));
    expect(ran()).toBeUndefined();
    const { value: fewer } = await written({ config: ['etc/config.yaml'], installed: false });
    expect(protocols(fewer)).toContain('local');
    expect(protocols(fewer)).not.toContain('near');
    const validate = new Ajv({ strict: false }).compile(value);
    expect(validate({ outbounds: [{ protocol: 'near', settings: { depth: 3 } }] })).toBe(true);
    expect(validate({ outbounds: [{ protocol: 'near', settings: { depth: 'x' } }] })).toBe(false);
    expect(validate({ outbounds: [{ protocol: 'near', settings: { dept: 3 } }] })).toBe(false);
  });

  it("writes a configuration's schema with nothing known of what it cannot read", async () => {
    await file('broken.json', '{ "plugins": [');
    const { code, said, value } = await written({ config: ['broken.json'], plugin: ['absent'] });
    expect(code).toBe(1);
    expect(said).toMatch(/broken\.json cannot be read/);
    expect(said).toMatch(/the plugin "absent" cannot be known: no package of this name is installed/);
    expect(new Ajv({ strict: false }).validate(value, { outbounds: [{ protocol: 'anything' }] })).toBe(true);
  });

  it('writes the schema file of a plugin, as which it is known then', async () => {
    await file('local.mjs', module('local'));
    const { value, code } = await written({ of: './local.mjs' });
    expect(code).toBe(0);
    expect(value).toMatchObject({ name: 'local', outbounds: { local: { description: 'For tests.' } } });
    expect(ran()).toEqual(['local']);
    await file('local.schema.json', value);
    const composed = await written({ plugin: ['./local.mjs'] });
    expect(composed).toMatchObject({ code: 0, said: '' });
    const itself = ((await import(join(folder, 'local.mjs'))) as { default: (typeof plugins)[number] }).default;
    expect(composed.value).toEqual(composeSchema({ plugins: [...plugins, itself] }));
  });

  it('says what fails', async () => {
    await expect(schema({ of: 'absent' })).rejects.toThrow(/the plugin "absent" cannot be used: no package/);
    await expect(schema({ output: 'no/such/folder.json' })).rejects.toThrow(/cannot be written: ENOENT/);
  });
});
