import { describe, expect, it } from 'vitest';
import { limitSettings, usageFileSchema } from './limit-settings.js';

interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

function* options(schema: Schema, path = ''): Generator<readonly [path: string, Schema]> {
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    yield [`${path}${key}`, value];
    yield* options(value, `${path}${key}.`);
  }
}

const all = [...options(limitSettings), ['usageFile', usageFileSchema as Schema] as const];

describe.each(all)('%s', (path, schema) => {
  it('is described with its default', () => {
    expect(schema.description).toMatch(/Default: /);
  });

  it('is bounded', () => {
    // 0 means "without limit" to some and "nothing at all" to others.
    if (schema.type === 'integer')
      expect(schema).toMatchObject({ minimum: path.startsWith('rate') ? 1024 : 1, maximum: 2 ** 53 - 1 });
    if (schema.type === 'string') expect(schema.maxLength).toBeDefined();
    if (schema.type === 'array') {
      expect(schema.maxItems).toBeDefined();
      expect(schema.items?.maxLength).toBeDefined();
    }
  });
});

it('has the options that the documentation names', () => {
  expect(all.map(([path]) => path)).toEqual([
    ...['maxConnections', 'maxSourceIPs', 'quota', 'quota.up', 'quota.down', 'quota.total', 'expiresAt'],
    ...['rate', 'rate.up', 'rate.down', 'allow', 'deny', 'usageFile'],
  ]);
});
