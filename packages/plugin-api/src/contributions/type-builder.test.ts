import * as library from '@sinclair/typebox';
import { expect, it } from 'vitest';
import { Type, type TSchema } from './schema.js';

type Builder = typeof Type;

const samples: Record<string, (type: Builder) => TSchema> = {
  object: (t) =>
    t.Object({ a: t.String({ minLength: 1 }), b: t.Optional(t.Integer({ default: 3, description: 'x' })) }),
  'object without required keys': (t) => t.Object({ a: t.Optional(t.Boolean()) }, { additionalProperties: false }),
  'empty object': (t) => t.Object({}),
  array: (t) => t.Array(t.Object({ x: t.String() }), { maxItems: 2 }),
  union: (t) => t.Union([t.Literal('a'), t.Literal(1), t.Literal(true), t.String()], { description: 'either' }),
  record: (t) => t.Record(t.String(), t.Array(t.Integer())),
  unsafe: (t) => t.Optional(t.Unsafe<'a' | 'b'>({ enum: ['a', 'b'] })),
  'optional object in an object': (t) => t.Object({ o: t.Optional(t.Object({ p: t.String() })) }),
};

it.each(Object.entries(samples))('makes the schema that TypeBox makes: %s', (_name, make) => {
  const [ours, theirs] = [make(Type), make(library.Type)];
  expect(JSON.parse(JSON.stringify(ours))).toEqual(JSON.parse(JSON.stringify(theirs)));
});
