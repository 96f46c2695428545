import type { JsonSchema } from './json-schema.js';
import { isSchema } from './subschemas.js';

type Definitions = Readonly<Record<string, JsonSchema>>;

/**
 * A value that may stand where the schema is; undefined if the schema gives too little to make one of.
 * @param secret what stands for secrets, since a secret that is printed somewhere is none; default: nothing
 */
export function exampleOf(schema: JsonSchema, definitions: Definitions = {}, secret?: string): unknown {
  if (!isSchema(schema)) return undefined;
  const { $ref, examples, enum: values, default: initial } = schema;
  if (schema.secret === true || schema['x-secret'] === true) return secret;
  if (examples?.[0] !== undefined) return examples[0];
  if ('const' in schema) return schema.const;
  if (schema.type === 'boolean') return initial !== true;
  if (!isEmpty(initial)) return initial;
  if (values !== undefined) return values[0];
  if (typeof $ref === 'string') {
    const target = definitions[$ref.replace('#/definitions/', '')];
    return target === undefined ? undefined : exampleOf(target, definitions, secret);
  }
  for (const branch of schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) {
    const value = exampleOf(branch, definitions, secret);
    if (value !== undefined) return value;
  }
  if (schema.type === 'array') return listOf(schema, definitions, secret);
  return schema.type === 'object' ? objectOf(schema, definitions, secret) : undefined;
}

function listOf({ items }: JsonSchema, definitions: Definitions, secret?: string): unknown {
  if (items === undefined || Array.isArray(items)) return [];
  const item = exampleOf(items as JsonSchema, definitions, secret);
  return item === undefined ? undefined : [item];
}

/** With what is needed, or else with its first key. */
function objectOf({ properties = {}, required = [] }: JsonSchema, definitions: Definitions, secret?: string): unknown {
  // What is `true` may be anything, and is described elsewhere.
  const described = Object.entries(properties).filter(([, property]) => isSchema(property));
  const needed = described.filter(([key]) => required.includes(key));
  const shown = needed.length > 0 ? needed : described.filter(([, { deprecated }]) => deprecated !== true).slice(0, 1);
  const members = shown.map(([key, property]) => [key, exampleOf(property, definitions, secret)] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '';
}
