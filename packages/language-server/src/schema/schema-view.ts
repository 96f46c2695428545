import type { JsonSchema } from '@sluice/config';
import { memberOf, type Path, type TextNode } from '../document/text-tree.js';

/** Deeper than schemas refer to one another. */
const MAX_EXPANSION = 32;

/** Finds in a composed schema what is said of a place in a text. */
export class SchemaView {
  readonly #root: JsonSchema;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** All that is said of the value at a path: references followed, conditions tried on what stands in the text. */
  at(path: Path, text: TextNode | undefined): JsonSchema[] {
    let schemas = this.#expanded([this.#root], text);
    let node = text;
    for (const step of path) {
      node = typeof step === 'number' ? node?.items[step] : memberOf(node, step);
      const next = schemas.flatMap((schema) => stepInto(schema, step));
      schemas = this.#expanded(next, node);
    }
    return schemas;
  }

  /** A schema with what it refers to, whatever stands in the text. */
  expand(schema: JsonSchema): JsonSchema[] {
    return this.#expanded([schema], undefined);
  }

  #expanded(schemas: readonly JsonSchema[], node: TextNode | undefined): JsonSchema[] {
    const found = new Set<JsonSchema>();
    const visit = (schema: JsonSchema, depth: number): void => {
      if (depth > MAX_EXPANSION || typeof schema !== 'object' || found.has(schema)) return;
      const { $ref: ref, anyOf = [], oneOf = [], allOf = [] } = schema as JsonSchema & { readonly $ref?: unknown };
      if (typeof ref === 'string') {
        const target = this.#definition(ref);
        if (target !== undefined) visit(target, depth + 1);
        return;
      }
      found.add(schema);
      for (const part of [...allOf, ...anyOf, ...oneOf]) visit(part, depth + 1);
      const branch = schema.if === undefined ? undefined : holds(schema.if, node) ? schema.then : schema.else;
      if (branch !== undefined) visit(branch, depth + 1);
    };
    for (const schema of schemas) visit(schema, 0);
    return [...found];
  }

  #definition(ref: string): JsonSchema | undefined {
    const name = /^#\/definitions\/(.+)$/.exec(ref)?.[1];
    const definitions = this.#root['definitions'] as Readonly<Record<string, JsonSchema>> | undefined;
    return name === undefined ? undefined : definitions?.[name];
  }
}

function stepInto(schema: JsonSchema, step: string | number): JsonSchema[] {
  if (typeof step === 'number') {
    const { items } = schema;
    if (items === undefined) return [];
    return Array.isArray(items) ? (items as JsonSchema[]).slice(step, step + 1) : [items as JsonSchema];
  }
  const own = schema.properties?.[step];
  if (own !== undefined) return typeof own === 'object' ? [own] : [];
  const { patternProperties = {}, additionalProperties } = schema;
  const matching = Object.entries(patternProperties).filter(([pattern]) => fits(pattern, step));
  if (matching.length > 0) return matching.map(([, part]) => part);
  return typeof additionalProperties === 'object' ? [additionalProperties] : [];
}

/** Plugins' schemas may have any patterns, also such as are none. */
function fits(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(key);
  } catch {
    return false;
  }
}

/** Conditions in composed schemas compare members with constants. */
function holds(condition: JsonSchema, node: TextNode | undefined): boolean {
  return Object.entries(condition.properties ?? {}).every(([key, { const: wanted, enum: several }]) => {
    const value = memberOf(node, key)?.value;
    return several === undefined ? value === wanted : several.includes(value);
  });
}
