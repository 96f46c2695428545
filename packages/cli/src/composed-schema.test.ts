import { composeSchema, exampleOf, type JsonSchema } from '@sluice/config';
import { schemaFileOf, type PluginSchemaFile } from '@sluice/plugin-api';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { plugins } from './config-files.js';

const schema = composeSchema({ plugins });
const definitions = schema.definitions as Readonly<Record<string, JsonSchema>>;

interface Found {
  readonly pointer: string;
  readonly schema: JsonSchema;
  readonly isNeeded: boolean;
}

/** Every schema within one, wherever it stands, but for those that `if` asks by. */
function* everySchema(value: unknown, pointer: string): Generator<readonly [string, JsonSchema]> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) yield* everySchema(part, `${pointer}/${index}`);
    return;
  }
  yield [pointer, value as JsonSchema];
  for (const [keyword, part] of Object.entries(value)) {
    if (['if', 'enum', 'const', 'default', 'examples', 'required', 'defaultSnippets'].includes(keyword)) continue;
    if (['properties', 'patternProperties', 'definitions'].includes(keyword))
      for (const [name, one] of Object.entries(part as object))
        yield* everySchema(one, `${pointer}/${keyword}/${name}`);
    else yield* everySchema(part, `${pointer}/${keyword}`);
  }
}

/** With what a reference leads to. */
function resolved(one: JsonSchema): JsonSchema {
  const target = typeof one.$ref === 'string' ? definitions[one.$ref.replace('#/definitions/', '')] : undefined;
  return target === undefined ? one : { ...target, ...one };
}

const all = [...everySchema(schema, '')];
/** Those that stand under a key. */
const keys: readonly Found[] = all.flatMap(([pointer, owner]) =>
  Object.entries({ ...owner.properties, ...owner.patternProperties })
    .filter(([, one]) => typeof one === 'object')
    .map(([name, one]) => ({
      pointer: `${pointer}/${name}`,
      schema: resolved(one),
      isNeeded: owner.required?.includes(name) === true,
    })),
);

function pointersOf(found: readonly Found[]): string[] {
  return found.map(({ pointer }) => pointer);
}

function isNumber(one: JsonSchema): boolean {
  if (one.enum !== undefined) return false;
  return one.type === 'integer' || one.type === 'number' || (one.anyOf ?? []).some(isNumber);
}

describe('every key of the composed schema', () => {
  it('is looked at', () => {
    expect(keys.length).toBeGreaterThan(250);
    expect(pointersOf(keys).filter((pointer) => /allOf|anyOf/.test(pointer)).length).toBeGreaterThan(100);
  });

  it('has a description in whole sentences', () => {
    const poor = keys.filter(({ schema: { description } }) => !/^[A-Z"`].{15,}[.]$/s.test(description ?? ''));
    expect(pointersOf(poor)).toEqual([]);
  });

  it('says what it is without being written, or that it is needed', () => {
    const said = ({ schema: { description }, isNeeded }: Found): boolean =>
      (isNeeded ? /needed/i : /default|needed|not read/i).test(description ?? '');
    expect(pointersOf(keys.filter((key) => !said(key)))).toEqual([]);
  });

  it('has a unit, if it is a number', () => {
    const poor = keys.filter(({ schema: one }) => isNumber(one) && typeof one['x-unit'] !== 'string');
    expect(pointersOf(poor)).toEqual([]);
  });

  it('accepts its own examples and default', () => {
    const ajv = new Ajv({ strict: false });
    const wrong = keys.flatMap(({ pointer, schema: one }) => {
      const refers = JSON.stringify(one).includes('"$ref"');
      const validate = ajv.compile(refers ? { ...one, definitions } : one);
      const values = [...(one.examples ?? []), ...('default' in one ? [one.default] : [])];
      return values.filter((value) => !validate(value)).map((value) => `${pointer} ${JSON.stringify(value)}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has an example, or something to make one of, unless it is a secret', () => {
    const poor = keys.filter(
      ({ schema: one }) => one['x-secret'] !== true && exampleOf(one, definitions) === undefined,
    );
    expect(pointersOf(poor)).toEqual([]);
  });
});

describe('the composed schema', () => {
  it("is the same from the plugins' schema files as from the plugins", () => {
    const files = plugins.map((plugin) => JSON.parse(JSON.stringify(schemaFileOf(plugin))) as PluginSchemaFile);
    expect(composeSchema({ plugins: files })).toEqual(schema);
  });

  it('says what every value of an enum means', () => {
    const poor = all.filter(([, one]) => {
      const meanings = [one.enumDescriptions, one['markdownEnumDescriptions']];
      return (
        one.enum !== undefined &&
        !meanings.every((list) => Array.isArray(list) && list.length === one.enum?.length && !list.includes(''))
      );
    });
    expect(poor.map(([pointer]) => pointer)).toEqual([]);
  });

  it('says what takes the place of what is deprecated, and calls nothing deprecated only in words', () => {
    const poor = all.filter(
      ([, one]) =>
        (one.deprecated === true || /^deprecated|\bolder\b/i.test(one.description ?? '')) !==
        (one.deprecationMessage !== undefined),
    );
    expect(poor.map(([pointer]) => pointer)).toEqual([]);
  });

  it('marks what is secret, and gives no example of it', () => {
    const secrets = all.filter(([, one]) => one['x-secret'] === true);
    expect(secrets.map(([pointer]) => pointer.split('/').at(-1)).sort()).toMatchInlineSnapshot(`
      [
        "pass",
        "pass",
        "pass",
        "pass",
        "secret",
        "secret",
        "secret",
      ]
    `);
    for (const [, one] of secrets) {
      expect(one).toMatchObject({ writeOnly: true });
      expect(one.examples).toBeUndefined();
    }
    const suspects = all.filter(
      ([pointer, one]) => /\/(pass\w*|secret|token|privateKey)$/i.test(pointer) && one['x-secret'] !== true,
    );
    expect(suspects.map(([pointer]) => pointer)).toEqual([]);
  });

  it('has nothing in it that only the loader reads', () => {
    const own = ['secret', 'unit', 'aliases', 'fallback'];
    expect(all.filter(([, one]) => own.some((keyword) => keyword in one)).map(([pointer]) => pointer)).toEqual([]);
  });

  it('ends every object that it describes', () => {
    const open = all.filter(
      ([pointer, one]) =>
        Object.keys(one.properties ?? {}).length > 0 &&
        one.additionalProperties === undefined &&
        !/\/(then|allOf\/\d+)$/.test(pointer),
    );
    expect(open.map(([pointer]) => pointer)).toEqual([]);
  });

  it('offers entries to insert that it accepts itself', () => {
    const validate = new Ajv({ strict: false }).compile(schema);
    const lists = { inbound: 'inbounds', outbound: 'outbounds' } as const;
    for (const [name, list] of Object.entries(lists)) {
      const snippets = definitions[name]?.['defaultSnippets'] as readonly {
        readonly label: string;
        readonly body: unknown;
      }[];
      expect(snippets.map(({ label }) => label)).toEqual(definitions[name]?.properties?.['protocol']?.enum);
      for (const { body } of snippets) {
        const inserted: unknown = JSON.parse(JSON.stringify(body).replaceAll(/\$\{\d:(\w+)\}/g, '$1'));
        validate({ [list]: [inserted] });
        expect(validate.errors ?? [], JSON.stringify(inserted)).toEqual([]);
      }
    }
  });

  it('is small enough for editors', () => {
    expect(JSON.stringify(schema).length).toBeLessThan(256 * 1024);
  });
});
