import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import { nearest } from '../diagnostics/suggestion.js';
import { isSecret, literals, pickBranch } from '../schema/branch.js';
import { describeSchema } from '../schema/description.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { objectView, type ObjectView } from '../schema/object-view.js';
import type { ConfigNode, Member, ObjectNode, ScalarNode } from '../source/node.js';

export interface NormaliseOptions {
  /** Keys that are read elsewhere, for suggestions only. */
  readonly otherKeys?: readonly string[];
}

/**
 * Brings a value into the schema's own spelling, as V2Ray's decoder would read it: keys and enum
 * values in any case, null as unset, digits in a string where the schema allows them. What nothing
 * reads is reported and left out. Values of the wrong type stay, for the validator to report.
 */
export function normalise(
  node: ConfigNode,
  schema: JsonSchema,
  problems: Problems,
  options: NormaliseOptions = {},
): ConfigNode {
  const branch = pickBranch(schema, node);
  if (isSecret(schema)) return markSecret(node.kind === 'scalar' ? asText(node, schema, problems) : node);
  if (node.kind === 'scalar') return normaliseScalar(asText(node, schema, problems), schema, problems);
  if (node.kind === 'object') {
    return branch.anyOf !== undefined || branch.oneOf !== undefined
      ? node
      : normaliseObject(node, branch, problems, options);
  }
  const { items } = branch;
  if (items === undefined) return node;
  const itemSchema = (index: number): JsonSchema | undefined => (isTuple(items) ? items[index] : items);
  return {
    ...node,
    items: node.items.map((item, index) => {
      const own = itemSchema(index);
      return own === undefined ? item : normalise(item, own, problems);
    }),
  };
}

function isTuple(items: JsonSchema | readonly JsonSchema[]): items is readonly JsonSchema[] {
  return Array.isArray(items);
}

function normaliseObject(
  node: ObjectNode,
  schema: JsonSchema,
  problems: Problems,
  options: NormaliseOptions,
): ObjectNode {
  const view = objectView(schema);
  const members = new Map<string, Member>();
  for (const one of node.members) {
    const known = schemaOf(one.key, view);
    if (known === undefined) {
      reportUnknownKey(one, [...view.properties.keys(), ...(options.otherKeys ?? [])], problems);
      continue;
    }
    const earlier = members.get(known.key);
    if (earlier !== undefined) {
      problems.warning(
        'C_DUPLICATE_KEY',
        earlier.keyPlace,
        `${quote(earlier.keyPlace, known.key)} stands here and again further on; the last one counts`,
        { related: [{ place: one.keyPlace, message: 'the one that counts' }] },
      );
      members.delete(known.key);
    }
    members.set(known.key, { ...one, key: known.key, value: normalise(one.value, known.schema, problems) });
  }
  return { ...node, members: [...members.values()].filter(({ value }) => !isNull(value)) };
}

function schemaOf(key: string, view: ObjectView): { key: string; schema: JsonSchema } | undefined {
  const named = view.properties.get(key);
  if (named !== undefined) return { key, schema: named };
  const canonical = view.byFold.get(key.toLowerCase());
  if (canonical !== undefined) return { key: canonical, schema: view.properties.get(canonical) as JsonSchema };
  const pattern = view.patterns.find(([expression]) => expression.test(key));
  if (pattern !== undefined) return { key, schema: pattern[1] };
  return view.additional === undefined ? undefined : { key, schema: view.additional };
}

function reportUnknownKey(one: Member, known: readonly string[], problems: Problems): void {
  const suggestion = nearest(one.key, known);
  const shown = JSON.stringify(one.key.slice(0, 64));
  const details = { suggestion: suggestion === undefined ? undefined : JSON.stringify(suggestion) };
  if (problems.strict) problems.error('C_UNKNOWN_KEY', one.keyPlace, `nothing reads ${shown}`, details);
  else problems.warning('C_UNKNOWN_KEY', one.keyPlace, `nothing reads ${shown}`, details);
}

/** What is a number only because it stands without quotes, where a text is wanted. */
function asText(node: ScalarNode, schema: JsonSchema, problems: Problems): ScalarNode {
  const { written, value } = node;
  if (written === undefined || literals(schema).length > 0) return node;
  const types = typesOf(schema);
  const fits = typeof value === 'number' ? types.has('number') || types.has('integer') : types.has(typeof value);
  if (fits || !types.has('string')) return node;
  problems.taken.add(node.place);
  return { kind: 'scalar', value: written, place: node.place };
}

/** The types that a schema names, those of a union's branches together. */
function typesOf(schema: JsonSchema): Set<string> {
  const { type } = schema;
  const own = type === undefined ? [] : typeof type === 'string' ? [type] : type;
  const constants = [...(schema.enum ?? []), ...('const' in schema ? [schema.const] : [])].map((one) => typeof one);
  const branches = (schema.anyOf ?? schema.oneOf ?? []).flatMap((branch) => [...typesOf(branch)]);
  return new Set([...own, ...constants, ...branches]);
}

function normaliseScalar(node: ScalarNode, schema: JsonSchema, problems: Problems): ScalarNode {
  const { value } = node;
  if (typeof value !== 'string') return node;
  if (takesDigits(schema) && /^[0-9]{1,15}$/.test(value)) return { ...node, value: Number(value) };
  const allowed = literals(schema);
  if (allowed.length === 0) return node;
  const folded = value.toLowerCase();
  const spelling = allowed.find((one) => one === value) ?? allowed.find((one) => one.toLowerCase() === folded);
  if (spelling !== undefined) return { ...node, value: schema.aliases?.[spelling] ?? spelling };
  if (schema.fallback === undefined) return node;
  problems.warning(
    'C_VALUE',
    node.place,
    `this is not known; as in V2Ray, ${JSON.stringify(schema.fallback)} is used instead`,
    {
      found: describeFound(node),
      expected: describeSchema(schema),
      suggestion: quoted(nearest(value, allowed)),
    },
  );
  return { ...node, value: schema.fallback };
}

/** Whether the schema is of a number that may also be written as a string of digits. */
function takesDigits(schema: JsonSchema): boolean {
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  return (
    branches.some(({ type }) => type === 'integer' || type === 'number') &&
    branches.some(
      ({ type, pattern }) => type === 'string' && typeof pattern === 'string' && /^\^(\[0-9\]|\\d)[+*{]/.test(pattern),
    )
  );
}

function markSecret(node: ConfigNode): ConfigNode {
  if (node.kind === 'array') return { ...node, secret: true, items: node.items.map(markSecret) };
  if (node.kind === 'object')
    return { ...node, secret: true, members: node.members.map((one) => ({ ...one, value: markSecret(one.value) })) };
  return { ...node, secret: true };
}

function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function quoted(word: string | undefined): string | undefined {
  return word === undefined ? undefined : JSON.stringify(word);
}

/** The key as the file spells it. */
function quote(place: { pointer: string }, fallback: string): string {
  return JSON.stringify(place.pointer.split('/').at(-1) ?? fallback);
}
