import { EvaluationError } from './evaluation-error.js';
import { stringMethods, type Method } from './string-methods.js';
import { areEqual, DictValue, ListValue, TupleValue, typeName, type Value } from './values.js';

const dictMethods: Readonly<Record<string, Method<DictValue>>> = {
  get(self, [key, otherwise]) {
    if (key === undefined) throw new EvaluationError('get needs a key');
    return self.get(key) ?? otherwise ?? null;
  },
  keys: (self) => new ListValue(self.entries().map(([key]) => key)),
  values: (self) => new ListValue(self.entries().map(([, value]) => value)),
  items: (self) => new ListValue(self.entries().map((entry) => new TupleValue(entry))),
};

/** Those that change a list are not here: nothing keeps a list that could be changed. */
const listMethods: Readonly<Record<string, Method<ListValue>>> = {
  index(self, [wanted]) {
    const found = wanted === undefined ? -1 : self.items.findIndex((item) => areEqual(item, wanted));
    if (found < 0) throw new EvaluationError('the value is not in the list');
    return found;
  },
};

/** Of any type. A name that is not among them can be told from the expression alone. */
export const METHOD_NAMES: ReadonlySet<string> = new Set(
  [stringMethods, dictMethods, listMethods].flatMap((methods) => Object.keys(methods)),
);

/** @throws EvaluationError */
export function callMethod(self: Value, name: string, args: readonly Value[]): Value {
  if (typeof self === 'string' && Object.hasOwn(stringMethods, name)) return stringMethods[name]!(self, args);
  if (self instanceof DictValue && Object.hasOwn(dictMethods, name)) return dictMethods[name]!(self, args);
  if (self instanceof ListValue && Object.hasOwn(listMethods, name)) return listMethods[name]!(self, args);
  throw new EvaluationError(`a ${typeName(self)} has no method ${name}`);
}
