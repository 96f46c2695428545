import { EvaluationError } from './evaluation-error.js';

/** What an expression can be worth. Numbers are safe integers, strings are bytes as units. */
export type Value = null | boolean | number | string | ListValue | TupleValue | DictValue;

export class ListValue {
  readonly weight: number;

  constructor(readonly items: readonly Value[]) {
    this.weight = checkedWeight(items);
  }
}

export class TupleValue {
  readonly weight: number;

  constructor(readonly items: readonly Value[]) {
    this.weight = checkedWeight(items);
  }
}

export class DictValue {
  readonly weight: number;
  readonly #entries: ReadonlyMap<string, readonly [Value, Value]>;

  /** @throws EvaluationError for a key that cannot be one, or stands twice */
  constructor(entries: Iterable<readonly [Value, Value]>) {
    const byId = new Map<string, readonly [Value, Value]>();
    for (const [key, value] of entries) {
      const id = keyOf(key);
      if (byId.has(id)) throw new EvaluationError('a key stands twice');
      byId.set(id, [key, value]);
    }
    this.#entries = byId;
    this.weight = checkedWeight(this.entries().flat());
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @throws EvaluationError for what cannot be a key */
  get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }

  has(key: Value): boolean {
    return this.#entries.has(keyOf(key));
  }

  entries(): (readonly [Value, Value])[] {
    return [...this.#entries.values()];
  }
}

/** How large a value may be when it is written out, and so how long anything that goes through it takes. */
const HEAVIEST = 262_144;

/** How many bytes and items a value is when it is written out. */
export function weightOf(value: Value): number {
  if (typeof value === 'string') return value.length + 1;
  return value !== null && typeof value === 'object' ? value.weight : 1;
}

/** @throws EvaluationError */
export function checkWeight(weight: number): void {
  if (weight > HEAVIEST) throw new EvaluationError('a value is too large');
}

function checkedWeight(items: readonly Value[]): number {
  const weight = items.reduce<number>((sum, item) => sum + weightOf(item), 1);
  checkWeight(weight);
  return weight;
}

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'string';
  return value instanceof ListValue ? 'list' : value instanceof TupleValue ? 'tuple' : 'dict';
}

export function isTrue(value: Value): boolean {
  if (value === null || typeof value !== 'object') return Boolean(value);
  return value instanceof DictValue ? value.size > 0 : value.items.length > 0;
}

/** Values of two types are never equal. */
export function areEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof DictValue && b instanceof DictValue) {
    return a.size === b.size && a.entries().every(([key, value]) => b.has(key) && areEqual(b.get(key)!, value));
  }
  const isPair =
    (a instanceof ListValue && b instanceof ListValue) || (a instanceof TupleValue && b instanceof TupleValue);
  return isPair && a.items.length === b.items.length && a.items.every((item, i) => areEqual(item, b.items[i]!));
}

/** Below 0 if the first is less. @throws EvaluationError for what has no order */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if ((a instanceof ListValue && b instanceof ListValue) || (a instanceof TupleValue && b instanceof TupleValue)) {
    for (let i = 0; i < Math.min(a.items.length, b.items.length); i += 1) {
      if (!areEqual(a.items[i]!, b.items[i]!)) return compare(a.items[i]!, b.items[i]!);
    }
    return a.items.length - b.items.length;
  }
  throw new EvaluationError(`${typeName(a)} and ${typeName(b)} have no order`);
}

/** What `str` makes of a value, and inside of others `repr`. */
export function display(value: Value, isInside = false): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return isInside ? JSON.stringify(value) : value;
  if (value instanceof DictValue) {
    const entries = value.entries().map(([key, one]) => `${display(key, true)}: ${display(one, true)}`);
    return `{${entries.join(', ')}}`;
  }
  const items = value.items.map((item) => display(item, true));
  if (value instanceof ListValue) return `[${items.join(', ')}]`;
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

function keyOf(value: Value): string {
  if (value === null || typeof value !== 'object') return `${typeof value}:${String(value)}`;
  if (!(value instanceof TupleValue)) throw new EvaluationError(`a ${typeName(value)} cannot be a key`);
  return `tuple:${JSON.stringify(value.items.map(keyOf))}`;
}
