import type { PluginSchemaFile } from '@sluice/plugin-api';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { composeSchema } from './compose.js';
import type { JsonSchema } from './json-schema.js';

const word = fc.constantFrom('a', 'b', 'server', 'settings', 'protocol', 'type', '$x', '__proto__', 'constructor');
const notes = fc.record(
  {
    description: fc.constantFrom('What it is.', 'With `code`. Default 5.', ''),
    default: fc.jsonValue(),
    examples: fc.array(fc.jsonValue(), { maxLength: 2 }),
    deprecated: fc.boolean(),
    secret: fc.boolean(),
    unit: fc.constantFrom('seconds', 'bytes'),
  },
  { requiredKeys: [] },
);

/** What somebody may write who knows JSON Schema, and not what our own schemas are like. */
const { schema: anySchema } = fc.letrec<{ schema: JsonSchema | boolean }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    notes.map((one): JsonSchema => one),
    fc.boolean(),
    fc
      .tuple(notes, fc.constantFrom('string', 'integer', 'boolean', 'number', ['string', 'null']))
      .map(([one, type]) => ({ ...one, type })),
    fc
      .tuple(
        notes,
        fc.uniqueArray(fc.jsonValue(), { minLength: 1, maxLength: 3, selector: (value) => JSON.stringify(value) }),
      )
      .map(([one, values]) => ({ ...one, enum: values })),
    fc.tuple(notes, fc.jsonValue()).map(([one, value]) => ({ ...one, const: value })),
    fc
      .tuple(notes, fc.oneof(tie('schema'), fc.array(tie('schema'), { minLength: 1, maxLength: 2 })))
      .map(([one, items]) => ({ ...one, type: 'array', items })),
    fc
      .tuple(
        notes,
        fc.dictionary(word, tie('schema'), { maxKeys: 3 }),
        fc.uniqueArray(word, { minLength: 1, maxLength: 2 }),
      )
      .map(([one, properties, required]) => ({ ...one, type: 'object', properties, required })),
    fc
      .tuple(
        notes,
        fc.constantFrom('patternProperties', 'definitions'),
        fc.dictionary(
          word.filter((key) => key !== '$x'),
          tie('schema'),
          { maxKeys: 2 },
        ),
      )
      .map(([one, keyword, group]) => ({ ...one, [keyword]: group })),
    fc
      .tuple(notes, fc.constantFrom('anyOf', 'oneOf', 'allOf'), fc.array(tie('schema'), { minLength: 1, maxLength: 3 }))
      .map(([one, keyword, parts]) => ({ ...one, [keyword]: parts })),
    fc
      .tuple(
        notes,
        fc.constantFrom('not', 'if', 'then', 'else', 'contains', 'additionalProperties', 'propertyNames'),
        tie('schema'),
      )
      .map(([one, keyword, part]) => ({ ...one, [keyword]: part })),
  ) as fc.Arbitrary<JsonSchema | boolean>,
}));

const ajv = new Ajv({ strict: false, logger: false });

it('composes a valid schema whatever the schemas of plugins are like', () => {
  fc.assert(
    fc.property(
      anySchema.filter((one) => typeof one === 'object'),
      (schema) => {
        const contribution = {
          described: { description: 'Any.', schema: schema as PluginSchemaFile['services'] & object },
        };
        const file = { name: 'any', version: '1.0.0', apiVersion: 1, description: 'Any.' };
        const plugin = {
          ...file,
          inbounds: contribution,
          outbounds: contribution,
          ruleTypes: { field: contribution.described, ...contribution },
          ruleMatchers: contribution,
          services: contribution,
          balancerStrategies: contribution,
        };
        const composed = composeSchema({ plugins: [plugin] });
        expect(ajv.validateSchema(composed), JSON.stringify(ajv.errors)).toBe(true);
        expect(JSON.parse(JSON.stringify(composed))).toEqual(composed);
      },
    ),
    { numRuns: 200 },
  );
});
