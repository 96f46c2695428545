import type { Static, TSchema } from '@sinclair/typebox';
import { SluiceError } from '@sluice/net';
import type { ProblemReporter } from './schema.js';

/** The keywords that `Type` makes. */
interface Keywords {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Keywords[];
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly patternProperties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly items?: Keywords;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

type Path = readonly (string | number)[];

/** For values that come while the instance runs: the first error is thrown as E_CONFIG_INVALID, warnings pass. */
export const refusingReporter: ProblemReporter = {
  error(path, message) {
    throw new SluiceError('E_CONFIG_INVALID', path.length === 0 ? message : `${path.join('.')}: ${message}`);
  },
  warning() {
    // Nobody reads a list of them here.
  },
};

/**
 * Holds a value that comes while the instance runs (a user, say) to the schema that a configuration
 * is held to. Keys that the schema does not name pass, and nothing is filled in.
 * @throws SluiceError E_CONFIG_INVALID naming the place and what is expected there, never what was found
 */
export function checkedEntry<S extends TSchema>(schema: S, value: unknown): Static<S> {
  check(schema as Keywords, value, []);
  return value;
}

function check(schema: Keywords, value: unknown, path: Path): void {
  const expected = expectation(schema, value);
  if (expected !== undefined) refusingReporter.error(path, `must be ${expected}`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) check(schema.items ?? {}, item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    checkMembers(schema, value as Record<string, unknown>, path);
  }
}

function checkMembers(schema: Keywords, value: Record<string, unknown>, path: Path): void {
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key) || value[key] === undefined) refusingReporter.error([...path, key], 'is missing');
  }
  const properties = schema.properties ?? {};
  const [others] = Object.values(schema.patternProperties ?? {});
  for (const [key, member] of Object.entries(value)) {
    const own = Object.hasOwn(properties, key) ? properties[key] : others;
    if (own !== undefined && member !== undefined) check(own, member, [...path, key]);
  }
}

/** What the schema expects instead of the value; undefined if it is of the right kind, whatever is in it. */
function expectation(schema: Keywords, value: unknown): string | undefined {
  if (schema.anyOf !== undefined)
    return schema.anyOf.some((branch) => isValid(branch, value)) ? undefined : 'in one of the forms that are allowed';
  if ('const' in schema) return value === schema.const ? undefined : JSON.stringify(schema.const);
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return `one of ${schema.enum.map((each) => JSON.stringify(each)).join(', ')}`;
  switch (schema.type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object';
    case 'array':
      return Array.isArray(value) ? outside(value.length, schema.minItems, schema.maxItems, 'entries') : 'a list';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'integer':
      return Number.isSafeInteger(value)
        ? outside(value as number, schema.minimum, schema.maximum, '')
        : 'a whole number';
    case 'string':
      return typeof value === 'string' ? textExpectation(schema, value) : 'a string';
    default:
      return undefined;
  }
}

function isValid(schema: Keywords, value: unknown): boolean {
  try {
    check(schema, value, []);
    return true;
  } catch {
    return false;
  }
}

function textExpectation({ pattern, minLength, maxLength }: Keywords, value: string): string | undefined {
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return `a string that matches ${pattern}`;
  // As JSON Schema counts: characters, not code units.
  return minLength === undefined && maxLength === undefined
    ? undefined
    : outside(Array.from(value).length, minLength, maxLength, 'characters');
}

function outside(n: number, min = -Infinity, max = Infinity, unit: string): string | undefined {
  if (n >= min && n <= max) return undefined;
  const bounds = max === Infinity ? `at least ${min}` : min === -Infinity ? `at most ${max}` : `${min} to ${max}`;
  return unit === '' ? bounds : `of ${bounds} ${unit}`;
}
