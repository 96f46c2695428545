import type { JsonSchema } from './json-schema.js';

/** An object schema's keys, with those of its `allOf`, `then` and `else` parts. */
export interface ObjectView {
  readonly properties: ReadonlyMap<string, JsonSchema>;
  /** The properties' names by their lower-case form. */
  readonly byFold: ReadonlyMap<string, string>;
  readonly patterns: readonly (readonly [RegExp, JsonSchema])[];
  /** What keys that are not named hold; undefined if there should be none. */
  readonly additional: JsonSchema | undefined;
}

const views = new WeakMap<JsonSchema, ObjectView>();

export function objectView(schema: JsonSchema): ObjectView {
  const known = views.get(schema);
  if (known !== undefined) return known;
  const properties = new Map<string, JsonSchema>();
  const patterns: [RegExp, JsonSchema][] = [];
  let additional: JsonSchema | undefined;
  for (const part of parts(schema)) {
    for (const [key, value] of Object.entries(part.properties ?? {}))
      if (!properties.has(key)) properties.set(key, value);
    for (const [pattern, value] of Object.entries(part.patternProperties ?? {}))
      patterns.push([new RegExp(pattern), value]);
    if (typeof part.additionalProperties === 'object') additional = part.additionalProperties;
    else if (part.additionalProperties === true) additional ??= {};
  }
  // An object of which nothing is said may hold anything.
  if (properties.size === 0 && patterns.length === 0 && schema.additionalProperties !== false) additional ??= {};
  const byFold = new Map([...properties.keys()].map((key) => [key.toLowerCase(), key]));
  const view = { properties, byFold, patterns, additional };
  views.set(schema, view);
  return view;
}

function* parts(schema: JsonSchema): Generator<JsonSchema> {
  yield schema;
  for (const part of schema.allOf ?? []) yield* parts(part);
  if (schema.then !== undefined) yield* parts(schema.then);
  if (schema.else !== undefined) yield* parts(schema.else);
}
