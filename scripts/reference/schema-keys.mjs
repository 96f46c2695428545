/** Reads the composed schema for the pages of docs/config: its keys, and what there is to say of each. */

const DEFINITION_PAGES = {
  inbound: 'inbound.md',
  outbound: 'outbound.md',
  stream: 'stream.md',
  rule: 'rule.md',
  balancer: 'balancer.md',
  strategy: 'balancer.md',
};

/** The page that a reference leads to. */
export function pageOf({ $ref, items, allOf }) {
  const reference = $ref ?? items?.$ref ?? allOf?.[0]?.$ref;
  return reference === undefined ? undefined : DEFINITION_PAGES[reference.replace('#/definitions/', '')];
}

/**
 * Every key within an object's schema, with those of the objects below it: "users[].secret". What stands in several
 * forms of one value is told once.
 */
export function keysOf(schema, prefix = '', found = new Map()) {
  for (const branch of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) keysOf(branch, prefix, found);
  const required = schema.required ?? [];
  const group = [
    ...Object.entries(schema.properties ?? {}).map(([key, one]) => [key, one, required.includes(key)]),
    ...Object.values(schema.patternProperties ?? {}).map((one) => ['*', one, false]),
  ];
  for (const [key, one, isNeeded] of group) {
    if (typeof one !== 'object') continue;
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (!found.has(path)) found.set(path, { path, schema: one, isNeeded });
    keysOf(one, path, found);
  }
  const { items, additionalProperties } = schema;
  if (typeof items === 'object' && !Array.isArray(items)) keysOf(items, `${prefix}[]`, found);
  if (typeof additionalProperties === 'object')
    keysOf(additionalProperties, prefix === '' ? '*' : `${prefix}.*`, found);
  return [...found.values()];
}

/** A schema's type in words: "list of strings, or string". */
export function typeOf(schema, definitions) {
  const target = schema.$ref === undefined ? undefined : definitions[schema.$ref.replace('#/definitions/', '')];
  if (target !== undefined) return typeOf(target, definitions);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined && schema.type === undefined)
    return [...new Set(branches.map((branch) => typeOf(branch, definitions)))].join(', or ');
  if (schema.enum !== undefined) return 'one of several';
  switch (schema.type) {
    case 'integer':
      return `whole number${bounds(schema.minimum, schema.maximum)}`;
    case 'number':
      return `number${bounds(schema.minimum, schema.maximum)}`;
    case 'string':
      return schema['x-secret'] === true ? 'string, secret' : 'string';
    case 'boolean':
      return 'true or false';
    case 'array':
      return listOf(schema.items ?? {}, definitions);
    case 'object':
      return 'object';
    default:
      return 'anything';
  }
}

function listOf(items, definitions) {
  const item = typeOf(items, definitions);
  if (item === 'string' || items.enum !== undefined) return 'list of strings';
  return `list of ${item === 'object' ? 'objects' : `(${item})`}`;
}

function bounds(from, limit) {
  // Beyond it numbers are not exact: no limit of the key's own.
  const to = limit === Number.MAX_SAFE_INTEGER ? undefined : limit;
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  if (from !== undefined) return ` of at least ${from}`;
  return to === undefined ? '' : ` of at most ${to}`;
}

const DEFAULT = / ?Default(?: is)?:? ((?:"[^"]*"|[^"])+?)\.(?= [A-Z`"]|$)/s;

/** A description in its parts: the meaning, and what holds where the key is not written. */
export function meaningOf({ schema, isNeeded }) {
  const { description = '' } = schema;
  const said = DEFAULT.exec(description);
  const meaning = description
    .replace(/ ?Needed; no default\./, '')
    .replace(DEFAULT, '')
    .trim();
  if (isNeeded || / ?Needed; no default\./.test(description)) return { meaning, default: 'none; it is needed' };
  if (said !== null) return { meaning, default: said[1] };
  return { meaning, default: schema.default === undefined ? undefined : JSON.stringify(schema.default) };
}
