import { EvaluationError } from './evaluation-error.js';
import { DictValue, display, isTrue, ListValue, TupleValue, typeName, type Value } from './values.js';

type Run = (args: readonly Value[]) => Value;

const functions = {
  len: (args) => lengthOf(only('len', args)),
  bool: (args) => args.length > 0 && isTrue(only('bool', args)),
  str: (args) => display(only('str', args)),
  repr: (args) => display(only('repr', args), true),
  type: (args) => typeName(only('type', args)),
  int: ([value, base, ...more]) => {
    if (value === undefined || more.length > 0) throw new EvaluationError('int needs one or two arguments');
    return toInt(value, base);
  },
  any: (args) => itemsOf(only('any', args)).some(isTrue),
  all: (args) => itemsOf(only('all', args)).every(isTrue),
  list: (args) => new ListValue(args.length === 0 ? [] : itemsOf(only('list', args))),
  tuple: (args) => new TupleValue(args.length === 0 ? [] : itemsOf(only('tuple', args))),
} satisfies Record<string, Run>;

export type FunctionName = keyof typeof functions;

export const FUNCTION_NAMES = Object.keys(functions) as readonly FunctionName[];

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functions, name);
}

/** @throws EvaluationError */
export function callFunction(name: FunctionName, args: readonly Value[]): Value {
  return functions[name](args);
}

/** What can be gone through: not a string, as in Starlark. @throws EvaluationError */
export function itemsOf(value: Value): readonly Value[] {
  if (value instanceof ListValue || value instanceof TupleValue) return value.items;
  if (value instanceof DictValue) return value.entries().map(([key]) => key);
  throw new EvaluationError(`a ${typeName(value)} has no items`);
}

function lengthOf(value: Value): number {
  return typeof value === 'string' ? value.length : value instanceof DictValue ? value.size : itemsOf(value).length;
}

function toInt(value: Value, base: Value | undefined): number {
  if (typeof value !== 'string') {
    if (base !== undefined) throw new EvaluationError('int takes a base for strings only');
    if (typeof value === 'number') return value;
    if (typeof value === 'boolean') return Number(value);
    throw new EvaluationError(`a ${typeName(value)} is no number`);
  }
  const radix = base ?? 10;
  if (typeof radix !== 'number' || radix < 2 || radix > 36) throw new EvaluationError('int needs a base from 2 to 36');
  const found = /^([+-]?)([0-9a-z]+)$/i.exec(value);
  const digits = Array.from(found?.[2] ?? '', (digit) => Number.parseInt(digit, 36));
  const total = digits.reduce((sum, digit) => sum * radix + digit, 0);
  if (digits.length === 0 || digits.some((digit) => digit >= radix) || !Number.isSafeInteger(total)) {
    throw new EvaluationError('the string is no number');
  }
  return found?.[1] === '-' ? 0 - total : total;
}

function only(name: string, args: readonly Value[]): Value {
  const [value] = args;
  if (value === undefined || args.length > 1) throw new EvaluationError(`${name} needs one argument`);
  return value;
}
