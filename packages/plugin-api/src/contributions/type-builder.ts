import type { JavaScriptTypeBuilder } from '@sinclair/typebox';

/**
 * TypeBox's builder as far as option schemas need it: its types, and the same JSON Schema, from
 * one module. The library's own runtime is 200 modules, a sixth of the time the command takes to start.
 */
type Builder = Pick<
  JavaScriptTypeBuilder,
  'Array' | 'Boolean' | 'Integer' | 'Literal' | 'Object' | 'Optional' | 'Record' | 'String' | 'Union' | 'Unsafe'
>;

/** TypeBox's own marks, so that schemas of either origin mix. */
const OPTIONAL = Symbol.for('TypeBox.Optional');
const KIND = Symbol.for('TypeBox.Kind');

type Schema = Record<string | symbol, unknown>;

const make = (kind: string, keywords: Schema, options: object = {}): Schema => ({
  [KIND]: kind,
  ...keywords,
  ...options,
});

const builder = {
  Array: (items: Schema, options?: object) => make('Array', { type: 'array', items }, options),
  Boolean: (options?: object) => make('Boolean', { type: 'boolean' }, options),
  Integer: (options?: object) => make('Integer', { type: 'integer' }, options),
  Literal: (value: unknown, options?: object) => make('Literal', { const: value, type: typeof value }, options),
  Object: (properties: Record<string, Schema>, options?: object) => {
    const required = Object.keys(properties).filter((name) => properties[name]?.[OPTIONAL] === undefined);
    return make('Object', { type: 'object', ...(required.length > 0 ? { required } : {}), properties }, options);
  },
  Optional: (schema: Schema) => ({ ...schema, [OPTIONAL]: 'Optional' }),
  Record: (_key: Schema, value: Schema, options?: object) =>
    make('Record', { type: 'object', patternProperties: { '^(.*)$': value } }, options),
  String: (options?: object) => make('String', { type: 'string' }, options),
  Union: (anyOf: readonly Schema[], options?: object) => make('Union', { anyOf }, options),
  Unsafe: (schema: Schema) => ({ ...schema, [KIND]: schema[KIND] ?? 'Unsafe' }),
};

/** Makes the schemas of options, by TypeBox's names: `Type.Object({ port: Type.Integer() })`. */
export const Type = builder as unknown as Builder;
