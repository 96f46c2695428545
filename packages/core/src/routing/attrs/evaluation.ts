import { EvaluationError } from './evaluation-error.js';
import type { Clause, Expression } from './expression.js';
import { callFunction, itemsOf } from './functions.js';
import { callMethod } from './methods.js';
import { combine, compareBy, itemAt, sliced } from './operators.js';
import { DictValue, isTrue, ListValue, TupleValue, typeName, weightOf, type Value } from './values.js';

/** Enough for any sensible expression, and well under a millisecond. */
const MOST_STEPS = 10_000;

/** Bytes or items that are gone through in about the time of a step. */
const WEIGHT_OF_STEP = 64;

/** The evaluation of an expression for one request. */
export class Evaluation {
  #steps = 0;
  #dict: DictValue | undefined;
  readonly #variables = new Map<string, Value>();

  constructor(readonly attributes: Readonly<Record<string, string>>) {}

  /** @throws EvaluationError */
  valueOf(expression: Expression): Value {
    this.#spend(1);
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'attrs':
        return (this.#dict ??= new DictValue(Object.entries(this.attributes)));
      case 'list':
        return new ListValue(this.#all(expression.items));
      case 'tuple':
        return new TupleValue(this.#all(expression.items));
      case 'dict':
        return new DictValue(
          expression.entries.map(([key, value]) => [this.valueOf(key), this.valueOf(value)] as const),
        );
      case 'variable': {
        const value = this.#variables.get(expression.name);
        if (value === undefined) throw new EvaluationError('a name has no value yet');
        return value;
      }
      case 'comprehension': {
        const items: Value[] = [];
        this.#loop(expression.clauses, 0, () => items.push(this.valueOf(expression.item)));
        return new ListValue(items);
      }
      case 'dict comprehension': {
        const entries = new Map<Value, Value>();
        this.#loop(expression.clauses, 0, () => {
          entries.set(this.valueOf(expression.key), this.valueOf(expression.value));
        });
        return new DictValue(entries);
      }
      case 'not':
        return !isTrue(this.valueOf(expression.operand));
      case 'negative':
        return combine('-', 0, this.#number(expression.operand));
      case 'positive':
        return this.#number(expression.operand);
      case 'and': {
        const left = this.valueOf(expression.left);
        return isTrue(left) ? this.valueOf(expression.right) : left;
      }
      case 'or': {
        const left = this.valueOf(expression.left);
        return isTrue(left) ? left : this.valueOf(expression.right);
      }
      case 'choice':
        return this.valueOf(isTrue(this.valueOf(expression.condition)) ? expression.yes : expression.no);
      case 'binary': {
        const [left, right] = [this.valueOf(expression.left), this.valueOf(expression.right)];
        this.#spendOn(left, right);
        const result = combine(expression.operator, left, right);
        this.#spendOn(result, null);
        return result;
      }
      case 'compare': {
        const [left, right] = [this.valueOf(expression.left), this.valueOf(expression.right)];
        this.#spendOn(left, right);
        return compareBy(expression.operator, left, right);
      }
      case 'index':
        return this.#item(expression.of, expression.at);
      case 'slice': {
        const [of, from, to, step] = [expression.of, expression.from, expression.to, expression.step].map((part) =>
          part === undefined ? null : this.valueOf(part),
        ) as [Value, Value, Value, Value];
        this.#spendOn(of, null);
        return sliced(of, from, to, step);
      }
      case 'call': {
        const args = this.#all(expression.args);
        for (const arg of args) this.#spendOn(arg, null);
        return callFunction(expression.name, args);
      }
      case 'method': {
        const self = this.valueOf(expression.of);
        const args = this.#all(expression.args);
        for (const arg of args) this.#spendOn(self, arg);
        this.#spendOn(self, null);
        const result = callMethod(self, expression.name, args);
        this.#spendOn(result, null);
        return result;
      }
    }
  }

  /** The attributes by name, which most expressions ask for, without a dictionary of all. */
  #item(of: Expression, at: Expression): Value {
    const key = this.valueOf(at);
    if (of.kind === 'attrs' && typeof key === 'string') {
      if (!Object.hasOwn(this.attributes, key)) throw new EvaluationError('the key is missing');
      return this.attributes[key]!;
    }
    return itemAt(this.valueOf(of), key);
  }

  #loop(clauses: readonly Clause[], at: number, body: () => void): void {
    const clause = clauses[at];
    if (clause === undefined) return body();
    if (clause.kind === 'if') {
      if (isTrue(this.valueOf(clause.condition))) this.#loop(clauses, at + 1, body);
      return;
    }
    const { names } = clause;
    const outer = names.map((name) => this.#variables.get(name));
    for (const item of itemsOf(this.valueOf(clause.of))) {
      this.#spend(1);
      this.#bind(names, item);
      this.#loop(clauses, at + 1, body);
    }
    names.forEach((name, i) => {
      const value = outer[i];
      if (value === undefined) this.#variables.delete(name);
      else this.#variables.set(name, value);
    });
  }

  #bind(names: readonly string[], item: Value): void {
    if (names.length === 1) {
      this.#variables.set(names[0]!, item);
      return;
    }
    const parts = itemsOf(item);
    if (parts.length !== names.length) throw new EvaluationError('there are more or fewer values than names');
    names.forEach((name, i) => this.#variables.set(name, parts[i]!));
  }

  #all(expressions: readonly Expression[]): Value[] {
    return expressions.map((one) => this.valueOf(one));
  }

  #number(expression: Expression): number {
    const value = this.valueOf(expression);
    if (typeof value === 'number') return value;
    throw new EvaluationError(`a ${typeName(value)} has no sign`);
  }

  /** A long text that is searched in a long text may take the product of both. */
  #spendOn(a: Value, b: Value): void {
    const [first, second] = [weightOf(a) / WEIGHT_OF_STEP, weightOf(b) / WEIGHT_OF_STEP];
    this.#spend(first + second + Math.floor(first) * Math.floor(second));
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MOST_STEPS) throw new EvaluationError('the expression takes too long');
  }
}
