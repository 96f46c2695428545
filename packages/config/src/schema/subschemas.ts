import type { JsonSchema } from './json-schema.js';

const BY_NAME = ['properties', 'patternProperties', 'definitions', 'dependencies'] as const;
const LISTS = ['anyOf', 'oneOf', 'allOf'] as const;
const SINGLE = ['additionalProperties', 'additionalItems', 'contains', 'propertyNames', 'not', 'then', 'else'] as const;

/** Whether it is a schema that says something: not `true` or `false`, and no list. */
export function isSchema(part: unknown): part is JsonSchema {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}

/** A copy with every schema directly within it replaced. What `if` asks is left as it is: nobody reads it. */
export function mapSubschemas(schema: JsonSchema, map: (part: JsonSchema, steps: string) => JsonSchema): JsonSchema {
  const copy: Record<string, unknown> = { ...schema };
  const one = (part: unknown, steps: string): unknown => (isSchema(part) ? map(part, steps) : part);
  for (const keyword of BY_NAME) {
    const group = copy[keyword];
    if (typeof group !== 'object' || group === null) continue;
    copy[keyword] = Object.fromEntries(
      Object.entries(group).map(([name, part]) => [name, one(part, `${keyword}/${name}`)]),
    );
  }
  for (const keyword of LISTS) {
    const parts = copy[keyword];
    if (Array.isArray(parts)) copy[keyword] = parts.map((part, index) => one(part, `${keyword}/${index}`));
  }
  for (const keyword of SINGLE) if (keyword in copy) copy[keyword] = one(copy[keyword], keyword);
  const { items } = copy;
  if (Array.isArray(items)) copy.items = items.map((part, index) => one(part, `items/${index}`));
  else if (items !== undefined) copy.items = one(items, 'items');
  return copy;
}
