import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  composeSchema,
  convertText,
  loadObject,
  loadTexts,
  prepareFormats,
  type LoadResult,
  type TextLoadResult,
} from '@sluice/config';
import { Ajv, type ErrorObject } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { corpus } from '../../../test/interop/config-corpus.js';
import { plugins } from './config-files.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const validate = new Ajv({ strict: false, allErrors: true, verbose: true }).compile(composeSchema({ plugins }));

interface Text {
  readonly name: string;
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
}

const shipped: readonly Text[] = [
  ...readdirSync(`${root}configs`).map((name) => `configs/${name}`),
  ...readdirSync(`${root}plugins`).map((name) => `plugins/${name}/example.jsonc`),
].map((name) => ({ name, text: readFileSync(`${root}${name}`, 'utf8') }));

const single: readonly Text[] = corpus.flatMap(({ name, text, env = {} }) =>
  [text].flat().map((one) => ({ name, text: one, env })),
);

function load(text: string, env: Readonly<Record<string, string>> = {}): TextLoadResult {
  return loadTexts([{ file: 'config.json', text }], { plugins, env });
}

/** The text's value; undefined if it has none. */
async function valueOf(text: string): Promise<unknown> {
  const converted = await convertText({ file: 'config.jsonc', text }, 'json', { plugins });
  return converted.text === undefined ? undefined : JSON.parse(converted.text);
}

beforeAll(() => prepareFormats([{ file: 'a.jsonc' }]));

describe('what ships', () => {
  it.each(shipped.map(({ name, text }) => [name, text]))('%s is right by the schema', async (_, text) => {
    validate(await valueOf(text));
    expect(validate.errors ?? []).toEqual([]);
  });
});

/** What the loader takes in other spellings than the docs', for which an editor offers its own. */
function isLenience({ keyword, params, data, parentSchema }: ErrorObject): boolean {
  const same = (a: unknown, list: readonly unknown[]): boolean =>
    list.some((one) => String(one).toLowerCase() === String(a).toLowerCase());
  const { properties = {} } = parentSchema as { readonly properties?: object };
  switch (keyword) {
    case 'enum':
      // Also what V2Ray itself has another value for.
      return same(data, (params as { allowedValues: unknown[] }).allowedValues);
    case 'const':
      return same(data, [(params as { allowedValue: unknown }).allowedValue]);
    case 'additionalProperties':
      return same((params as { additionalProperty: string }).additionalProperty, Object.keys(properties));
    case 'required':
      return same((params as { missingProperty: string }).missingProperty, Object.keys(data as object));
    default:
      return data === null;
  }
}

/** Those of a union's branches that were not meant are not told apart: one that is lenience is enough. */
function allLenience(errors: readonly ErrorObject[]): boolean {
  const composite = ['anyOf', 'oneOf', 'allOf', 'if'];
  const leaves = errors.filter(({ keyword }) => !composite.includes(keyword));
  return leaves.every(
    (error) =>
      isLenience(error) ||
      (/\/anyOf\/\d+\//.test(error.schemaPath) &&
        leaves.some((other) => other.instancePath.startsWith(error.instancePath) && isLenience(other))),
  );
}

/** What only the loader can find out: by what one value means for another, or by a plugin. */
const BY_SCHEMA = ['C_TYPE', 'C_UNKNOWN_PROTOCOL', 'C_UNKNOWN_RULE_TYPE', 'C_UNKNOWN_STRATEGY', 'C_VALUE', 'C_MISSING'];
/** Places of what depends on another value, and of texts that hold several values. */
const BEYOND_SCHEMA = /\/(port|streamSettings|destOverride)$/;

interface Verdict {
  /** Of the loader, as far as the schema can know. */
  readonly loader: 'takes' | 'refuses' | 'takes otherwise' | 'refuses by meaning';
  readonly schema: 'takes' | 'refuses' | 'refuses another spelling';
  readonly said: readonly string[];
}

function judge(value: unknown, { config, diagnostics }: LoadResult): Verdict {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const bySchema = errors.some(
    ({ code, pointer }) => BY_SCHEMA.includes(code) && !(code !== 'C_TYPE' && BEYOND_SCHEMA.test(pointer)),
  );
  const otherwise = diagnostics.some(
    ({ code, severity }) => severity !== 'error' && ['C_UNKNOWN_KEY', 'C_VALUE'].includes(code),
  );
  const ok = validate(value);
  const found = [...(validate.errors ?? [])];
  return {
    loader:
      config !== undefined ? (otherwise ? 'takes otherwise' : 'takes') : bySchema ? 'refuses' : 'refuses by meaning',
    schema: ok ? 'takes' : allLenience(found) ? 'refuses another spelling' : 'refuses',
    said: [
      ...diagnostics.map(({ code, severity, pointer, message }) => `loader: ${severity} ${code} ${pointer} ${message}`),
      ...found.map(({ instancePath, keyword, message }) => `schema: ${keyword} ${instancePath} ${message}`),
    ],
  };
}

/** Why the two do not go together, if they do not. */
function contradiction({ loader, schema }: Verdict): string | undefined {
  if (loader === 'takes' && schema === 'refuses') return 'the schema refuses what the loader takes';
  if (loader === 'refuses' && schema === 'takes') return 'the schema takes what the loader refuses by its schemas';
  return undefined;
}

describe('the corpus', () => {
  it.each(single.map((one) => [one.name, one] as const))('%s', async (_, { text, env }) => {
    const value = await valueOf(text);
    // What is no JSON is none to a schema either.
    if (value === undefined) return;
    const verdict = judge(value, load(text, env));
    expect(contradiction(verdict), verdict.said.join('\n')).toBeUndefined();
  });
});

/** Every value within one, as the steps to it. */
function* places(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) yield* places(member, [...path, key]);
}

function replaced(value: unknown, [step, ...rest]: readonly string[], by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === step ? replaced(item, rest, by) : (item as unknown)));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [step]: replaced(object[step], rest, by) };
}

describe('what ships, with each of its values replaced in turn', () => {
  it.each(shipped.map(({ name, text }) => [name, text]))('%s', async (_, text) => {
    const value = await valueOf(text);
    const wrong: string[] = [];
    let count = 0;
    for (const path of places(value)) {
      for (const by of [7, 'x', true, [], {}, [7], { x: 7 }]) {
        const changed = replaced(value, path, by);
        const verdict = judge(changed, loadObject(changed, { plugins, env: {} }));
        const why = contradiction(verdict);
        if (why !== undefined)
          wrong.push([`${path.join('/')} = ${JSON.stringify(by)}: ${why}`, ...verdict.said].join('\n'));
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(20);
    expect(wrong.join('\n\n')).toBe('');
  });
});
