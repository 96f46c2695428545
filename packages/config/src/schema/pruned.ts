import { member, type ConfigNode } from '../source/node.js';
import type { JsonSchema } from './json-schema.js';

/**
 * The schema without the properties that none of the nodes has: it says the same of them and takes
 * a fraction of the time to compile.
 */
export function pruned(schema: JsonSchema, nodes: readonly ConfigNode[]): JsonSchema {
  const { items, properties } = schema;
  if (items !== undefined && !Array.isArray(items)) {
    const inner = nodes.flatMap((node) => (node.kind === 'array' ? node.items : []));
    return inner.length === 0
      ? withoutKeyword(schema, 'items')
      : { ...schema, items: pruned(items as JsonSchema, inner) };
  }
  if (properties === undefined) return schema;
  const kept: Record<string, JsonSchema> = {};
  for (const [key, property] of Object.entries(properties)) {
    const values = nodes.map((node) => member(node, key)).filter((value) => value !== undefined);
    if (values.length > 0) kept[key] = pruned(property, values);
    else if (schema.required?.includes(key) === true) kept[key] = property;
  }
  // Keys that no schema names have been reported and taken out before.
  return { ...withoutKeyword(schema, 'additionalProperties'), properties: kept };
}

function withoutKeyword(schema: JsonSchema, keyword: string): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== keyword));
}
