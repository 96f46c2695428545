import { literals } from './branch.js';
import type { JsonSchema } from './json-schema.js';

/** What a schema asks for, in words: "an integer from 0 to 65535". */
export function describeSchema(schema: JsonSchema): string {
  const branches = schema.anyOf ?? schema.oneOf;
  const allowed = literals(schema).filter((value) => value !== '');
  if (allowed.length > 0) return orList(allowed.map((value) => JSON.stringify(value)));
  if (branches !== undefined) return orList([...new Set(branches.map(describeSchema))]);
  if (schema.enum !== undefined) return orList(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return 'another value';
  return orList(types.map((type) => describeType(type, schema)));
}

/** "a, b or c". */
export function orList(parts: readonly string[]): string {
  return parts.length <= 1 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} or ${parts.at(-1)}`;
}

function describeType(type: string, schema: JsonSchema): string {
  switch (type) {
    case 'integer':
      return `an integer${describeBounds(schema)}`;
    case 'number':
      return `a number${describeBounds(schema)}`;
    case 'string':
      return schema.patternErrorMessage ?? describeText(schema);
    case 'boolean':
      return 'true or false';
    case 'array':
      return describeList(schema);
    case 'null':
      return 'null';
    default:
      return 'an object';
  }
}

function describeBounds({ minimum, maximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}

function describeText({ minLength, maxLength, pattern }: JsonSchema): string {
  if (pattern !== undefined) return `a string that matches ${pattern}`;
  if (minLength === 1 && maxLength === undefined) return 'a string that is not empty';
  if (minLength !== undefined && maxLength !== undefined) return `a string of ${minLength} to ${maxLength} characters`;
  if (minLength !== undefined) return `a string of at least ${minLength} characters`;
  return maxLength === undefined ? 'a string' : `a string of at most ${maxLength} characters`;
}

function describeList({ items }: JsonSchema): string {
  if (items === undefined || Array.isArray(items)) return 'a list';
  const { type } = items as JsonSchema;
  const plurals: Readonly<Record<string, string>> = {
    string: 'strings',
    integer: 'integers',
    number: 'numbers',
    object: 'objects',
  };
  const plural = typeof type === 'string' ? plurals[type] : undefined;
  return plural === undefined ? 'a list' : `a list of ${plural}`;
}
