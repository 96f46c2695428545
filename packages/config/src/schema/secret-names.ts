import { KINDS_WITH_SCHEMA, type Plugin } from '@sluice/plugin-api';
import { isSecret } from './branch.js';
import type { JsonSchema } from './json-schema.js';

/** The keys, in lower case, under which the plugins' schemas keep secrets. */
export function secretNames(plugins: readonly Plugin[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const plugin of plugins) {
    for (const kind of KINDS_WITH_SCHEMA) {
      for (const { schema } of Object.values(plugin[kind] ?? {})) collect(schema as JsonSchema, undefined, names);
    }
  }
  return names;
}

function collect(schema: unknown, key: string | undefined, names: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return;
  if (Array.isArray(schema)) {
    for (const part of schema) collect(part, key, names);
    return;
  }
  if (key !== undefined && isSecret(schema as JsonSchema)) names.add(key.toLowerCase());
  for (const [keyword, value] of Object.entries(schema as JsonSchema)) {
    if (keyword === 'properties' && typeof value === 'object' && value !== null) {
      for (const [name, property] of Object.entries(value)) collect(property, name, names);
    } else if (typeof value === 'object') {
      collect(value, key, names);
    }
  }
}
