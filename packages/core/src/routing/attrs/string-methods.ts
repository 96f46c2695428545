import { EvaluationError } from './evaluation-error.js';
import { itemsOf } from './functions.js';
import { fromUtf8, utf8 } from './string-literal.js';
import { checkWeight, ListValue, TupleValue, typeName, weightOf, type Value } from './values.js';

export type Method<T> = (self: T, args: readonly Value[]) => Value;

const WHITESPACE = ' \t\n\v\f\r';

/** The methods of a string, by name. All are linear in the sizes of what they get and give. */
export const stringMethods: Readonly<Record<string, Method<string>>> = {
  startswith: (self, args) => affixes(args).some((affix) => range(self, args, 1).startsWith(affix)),
  endswith: (self, args) => affixes(args).some((affix) => range(self, args, 1).endsWith(affix)),
  find: (self, args) => position(self, args, 'indexOf'),
  rfind: (self, args) => position(self, args, 'lastIndexOf'),
  index: (self, args) => present(position(self, args, 'indexOf')),
  rindex: (self, args) => present(position(self, args, 'lastIndexOf')),
  count(self, args) {
    const part = text(args[0]);
    const within = range(self, args, 1);
    return part === '' ? within.length + 1 : within.split(part).length - 1;
  },
  lower: (self) => utf8(fromUtf8(self).toLowerCase()),
  upper: (self) => utf8(fromUtf8(self).toUpperCase()),
  capitalize: (self) => self.slice(0, 1).toUpperCase() + self.slice(1).toLowerCase(),
  strip: (self, args) => stripped(self, args[0], true, true),
  lstrip: (self, args) => stripped(self, args[0], true, false),
  rstrip: (self, args) => stripped(self, args[0], false, true),
  removeprefix: (self, args) => (self.startsWith(text(args[0])) ? self.slice(text(args[0]).length) : self),
  removesuffix: (self, args) =>
    self.endsWith(text(args[0])) ? self.slice(0, self.length - text(args[0]).length) : self,
  replace(self, args) {
    const [old, by] = [text(args[0]), text(args[1])];
    const limit = args[2] === undefined ? -1 : int(args[2]);
    if (old === '') throw new EvaluationError('nothing cannot be replaced');
    const parts = self.split(old);
    const times = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
    checkWeight(self.length + times * by.length);
    return [parts.slice(0, times + 1).join(by), ...parts.slice(times + 1)].join(old);
  },
  split: (self, args) => strings(split(self, args)),
  rsplit(self, args) {
    const parts = split(self, args.slice(0, 1));
    const most = args[1] === undefined ? -1 : int(args[1]);
    if (most < 0 || parts.length <= most + 1) return strings(parts);
    const tail = parts.slice(parts.length - most);
    // What stays in one piece keeps its separators.
    let end = self.length;
    for (const part of tail.reverse()) end = self.lastIndexOf(part, end - part.length);
    const separator = args[0] === undefined || args[0] === null ? undefined : text(args[0]);
    const head = separator === undefined ? self.slice(0, end).trimEnd() : self.slice(0, end - separator.length);
    return strings([head.trimStart() === '' && separator === undefined ? '' : head, ...tail.reverse()]);
  },
  splitlines: (self) => strings(self === '' ? [] : self.replace(/\r?\n$/, '').split(/\r?\n/)),
  partition: (self, args) => partition(self, args, self.indexOf(text(args[0]))),
  rpartition: (self, args) => partition(self, args, self.lastIndexOf(text(args[0]))),
  join(self, args) {
    const items = itemsOf(args[0] ?? null).map(text);
    checkWeight(items.reduce((sum, item) => sum + weightOf(item) + self.length, 0));
    return items.join(self);
  },
  isalnum: (self) => /^[\p{L}\p{Nd}]+$/u.test(fromUtf8(self)),
  isalpha: (self) => /^\p{L}+$/u.test(fromUtf8(self)),
  isdigit: (self) => /^\p{Nd}+$/u.test(fromUtf8(self)),
  isspace: (self) => /^\s+$/u.test(fromUtf8(self)),
  islower: (self) => isCased(fromUtf8(self), 'toLowerCase', 'toUpperCase'),
  isupper: (self) => isCased(fromUtf8(self), 'toUpperCase', 'toLowerCase'),
};

/** @throws EvaluationError */
function text(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw new EvaluationError(`a string is needed, not ${value === undefined ? 'nothing' : typeName(value)}`);
}

function int(value: Value): number {
  if (typeof value === 'number') return value;
  throw new EvaluationError(`an int is needed, not ${typeName(value)}`);
}

function affixes([first]: readonly Value[]): readonly string[] {
  return first instanceof TupleValue ? first.items.map(text) : [text(first)];
}

/** The part between the two places that arguments may name. */
function range(self: string, args: readonly Value[], at: number): string {
  return self.slice(...bounds(self, args, at));
}

function bounds(self: string, args: readonly Value[], at: number): [number, number] {
  const place = (value: Value | undefined, otherwise: number): number => {
    if (value === undefined || value === null) return otherwise;
    const number = int(value);
    return Math.min(self.length, Math.max(0, number < 0 ? number + self.length : number));
  };
  return [place(args[at], 0), place(args[at + 1], self.length)];
}

function position(self: string, args: readonly Value[], search: 'indexOf' | 'lastIndexOf'): number {
  const found = range(self, args, 1)[search](text(args[0]));
  return found < 0 ? -1 : found + bounds(self, args, 1)[0];
}

function present(found: number): number {
  if (found < 0) throw new EvaluationError('the text is not in the string');
  return found;
}

function stripped(self: string, cutset: Value | undefined, left: boolean, right: boolean): string {
  const cut = cutset === undefined || cutset === null ? WHITESPACE : text(cutset);
  let from = 0;
  let to = self.length;
  while (left && from < to && cut.includes(self[from]!)) from += 1;
  while (right && to > from && cut.includes(self[to - 1]!)) to -= 1;
  return self.slice(from, to);
}

function split(self: string, args: readonly Value[]): string[] {
  const most = args[1] === undefined ? -1 : int(args[1]);
  if (args[0] === undefined || args[0] === null) {
    const parts = self.split(/[ \t\n\v\f\r]+/).filter((part) => part !== '');
    if (most < 0 || parts.length <= most + 1) return parts;
    let at = 0;
    for (const part of parts.slice(0, most)) at = self.indexOf(part, at) + part.length;
    return [...parts.slice(0, most), self.slice(at).replace(/^[ \t\n\v\f\r]+/, '')];
  }
  const separator = text(args[0]);
  if (separator === '') throw new EvaluationError('the separator is empty');
  const parts = self.split(separator);
  if (most < 0 || parts.length <= most + 1) return parts;
  return [...parts.slice(0, most), parts.slice(most).join(separator)];
}

function partition(self: string, args: readonly Value[], at: number): TupleValue {
  const separator = text(args[0]);
  if (separator === '') throw new EvaluationError('the separator is empty');
  if (at < 0) return new TupleValue([self, '', '']);
  return new TupleValue([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

function isCased(self: string, own: 'toLowerCase' | 'toUpperCase', other: 'toLowerCase' | 'toUpperCase'): boolean {
  return self === self[own]() && self !== self[other]();
}

function strings(parts: readonly string[]): ListValue {
  return new ListValue(parts);
}
