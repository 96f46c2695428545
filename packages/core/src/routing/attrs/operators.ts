import { EvaluationError } from './evaluation-error.js';
import type { BinaryOperator, Comparison } from './expression.js';
import { formatted } from './string-format.js';
import {
  areEqual,
  checkWeight,
  compare,
  DictValue,
  ListValue,
  TupleValue,
  typeName,
  weightOf,
  type Value,
} from './values.js';

/** @throws EvaluationError */
export function compareBy(operator: Comparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return areEqual(left, right);
    case '!=':
      return !areEqual(left, right);
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
    case 'in':
      return isIn(left, right);
    case 'not in':
      return !isIn(left, right);
  }
}

/** @throws EvaluationError, also for a number that is no longer exact */
export function combine(operator: BinaryOperator, left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return exact(arithmetic(operator, left, right));
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      checkWeight(left.length + right.length);
      return left + right;
    }
    if (left instanceof ListValue && right instanceof ListValue) return new ListValue([...left.items, ...right.items]);
    if (left instanceof TupleValue && right instanceof TupleValue) {
      return new TupleValue([...left.items, ...right.items]);
    }
  }
  if (operator === '%' && typeof left === 'string') return formatted(left, right);
  if (operator === '*') {
    if (typeof right === 'number') return repeated(left, right);
    if (typeof left === 'number') return repeated(right, left);
  }
  throw new EvaluationError(`${typeName(left)} ${operator} ${typeName(right)} is not defined`);
}

/** One item, counted from the end if negative. @throws EvaluationError */
export function itemAt(of: Value, at: Value): Value {
  if (of instanceof DictValue) {
    const value = of.get(at);
    if (value === undefined) throw new EvaluationError('the key is missing');
    return value;
  }
  const items = sequence(of);
  if (typeof at !== 'number') throw new EvaluationError(`an index is a number, not ${typeName(at)}`);
  const item = items[at < 0 ? at + items.length : at];
  if (item === undefined) throw new EvaluationError('the index is out of range');
  return item;
}

/** @throws EvaluationError */
export function sliced(of: Value, from: Value, to: Value, by: Value): Value {
  const items = sequence(of);
  const size = items.length;
  const step = by ?? 1;
  if (typeof step !== 'number' || step === 0) throw new EvaluationError('a step is a number other than 0');
  const place = (value: Value, otherwise: number): number => {
    if (value === null) return otherwise;
    if (typeof value !== 'number') throw new EvaluationError(`an index is a number, not ${typeName(value)}`);
    const least = step > 0 ? 0 : -1;
    return Math.min(size + Math.min(0, Math.sign(step)), Math.max(least, value < 0 ? value + size : value));
  };
  const start = place(from, step > 0 ? 0 : size - 1);
  const end = place(to, step > 0 ? size : -1);
  const taken: Value[] = [];
  for (let i = start; step > 0 ? i < end : i > end; i += step) taken.push(items[i]!);
  if (typeof of === 'string') return taken.map(String).join('');
  return of instanceof TupleValue ? new TupleValue(taken) : new ListValue(taken);
}

function sequence(value: Value): readonly Value[] | string {
  if (typeof value === 'string') return value;
  if (value instanceof ListValue || value instanceof TupleValue) return value.items;
  throw new EvaluationError(`a ${typeName(value)} has no index`);
}

function isIn(wanted: Value, within: Value): boolean {
  if (typeof within === 'string') {
    if (typeof wanted !== 'string') throw new EvaluationError(`a ${typeName(wanted)} cannot be in a string`);
    return within.includes(wanted);
  }
  if (within instanceof DictValue) return within.has(wanted);
  if (within instanceof ListValue || within instanceof TupleValue) {
    return within.items.some((item) => areEqual(item, wanted));
  }
  throw new EvaluationError(`nothing is in a ${typeName(within)}`);
}

function arithmetic(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      // Both round down.
      return right === 0 ? Number.NaN : Math.floor(left / right);
    case '%':
      return right === 0 ? Number.NaN : left - right * Math.floor(left / right);
  }
}

function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new EvaluationError('division by zero, or a number too large');
  // Not -0.
  return value + 0;
}

function repeated(value: Value, times: number): Value {
  const count = Math.max(0, times);
  checkWeight(weightOf(value) * count);
  if (typeof value === 'string') return value.repeat(count);
  if (value instanceof ListValue) return new ListValue(Array.from({ length: count }, () => value.items).flat());
  if (value instanceof TupleValue) return new TupleValue(Array.from({ length: count }, () => value.items).flat());
  throw new EvaluationError(`a ${typeName(value)} cannot be repeated`);
}
