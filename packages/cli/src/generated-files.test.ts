import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as config from '@sluice/config';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { generatedFiles, generatedFolders } from '../../../scripts/reference/generated-files.mjs';
import { plugins } from './config-files.js';
import { version } from './version.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const SCHEMA = 'packages/cli/schema/sluice.schema.json';

describe('what `npm run generate` makes', () => {
  let made: ReadonlyMap<string, string>;

  beforeAll(async () => {
    made = await generatedFiles({ config, plugins, version });
  });

  it('is what is checked in', () => {
    const stale = [...made].filter(([path, text]) => read(path) !== text).map(([path]) => path);
    expect(stale, 'run `npm run generate`').toEqual([]);
  });

  it('is all that is there', () => {
    const there = generatedFolders.flatMap((folder) =>
      readdirSync(`${root}${folder}`).map((name) => `${folder}/${name}`),
    );
    expect(
      there.filter((path) => !made.has(path)),
      'run `npm run generate`',
    ).toEqual([]);
  });

  it('has a page of diagnostics with exactly the codes of the catalogue', () => {
    const codes = [...read('docs/diagnostics.md').matchAll(/^## (C_\w+)$/gm)].map(([, code]) => code);
    expect(codes).toEqual(Object.keys(config.diagnosticCatalogue));
  });

  it('has every key of the schema on its pages', () => {
    const pages = [...made].filter(([path]) => path.startsWith('docs/config/')).map(([, text]) => text);
    const text = pages.join('\n');
    const names = new Set<string>();
    JSON.parse(read(SCHEMA), (key, value: unknown) => {
      if (key === 'properties' && typeof value === 'object')
        for (const name of Object.keys(value ?? {})) names.add(name);
      return value;
    });
    expect(names.size).toBeGreaterThan(150);
    expect(
      [...names].filter(
        (name) =>
          !new RegExp(`^## \`([^\`]*[.])?${name.replace('$', '\\$')}\`$`, 'm').test(text) &&
          !text.includes(`[\`${name}\`](`),
      ),
    ).toEqual([]);
  });

  it('has examples on its pages that the schema accepts', () => {
    const validate = new Ajv({ strict: false }).compile(JSON.parse(read(SCHEMA)) as object);
    const wrap: Readonly<Record<string, (value: unknown) => unknown>> = {
      inbound: (entry) => ({ inbounds: [entry] }),
      outbound: (entry) => ({ outbounds: [entry] }),
      rule: (rule) => ({ routing: { rules: [rule] } }),
      strategy: (strategy) => ({ routing: { balancers: [{ tag: 'a', selector: ['b'], strategy }] } }),
    };
    let count = 0;
    for (const [path, text] of made) {
      const [, block] = /^An example:\n\n```json\n([\s\S]*?)\n```$/m.exec(text) ?? [];
      if (block === undefined) continue;
      const kind = /config\/(\w+)-/.exec(path)?.[1] ?? '';
      const value = JSON.parse(block) as unknown;
      validate(wrap[kind]?.(value) ?? value);
      expect(validate.errors ?? [], path).toEqual([]);
      count += 1;
    }
    expect(count).toBeGreaterThan(20);
  });

  it('has no link that leads nowhere', () => {
    const links = [...made]
      .filter(([path]) => path.endsWith('.md'))
      .flatMap(([path, text]) => {
        const folder = path.slice(0, path.lastIndexOf('/'));
        return [...text.matchAll(/\]\(([\w./-]+)\)/g)].map(([, target]) => `${folder}/${target}`);
      });
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });
});

describe('the schema that ships', () => {
  const schema = JSON.parse(read(SCHEMA)) as Record<string, unknown>;

  it('is named by its version, and is in the package', () => {
    expect(schema['$id']).toBe(`urn:sluice:schema:${version}`);
    const { files } = JSON.parse(read('packages/cli/package.json')) as { files: string[] };
    expect(files).toContain('schema');
  });

  it('is a schema by draft-07, and one that a plain validator can use', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#');
    const ajv = new Ajv({ strict: false });
    expect(ajv.validateSchema(schema)).toBe(true);
    const validate = ajv.compile(schema);
    expect(validate({ $schema: './sluice.schema.json', inbounds: [{ protocol: 'socks', port: 1080 }] })).toBe(true);
    expect(validate({ inbounds: [{ protocol: 'sock' }] })).toBe(false);
  });
});

function read(path: string): string {
  return existsSync(`${root}${path}`) ? readFileSync(`${root}${path}`, 'utf8') : '';
}
