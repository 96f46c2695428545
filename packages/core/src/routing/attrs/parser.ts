import { nearest } from '@sluice/config';
import type { BinaryOperator, Clause, Comparison, Expression } from './expression.js';
import { FUNCTION_NAMES, isFunctionName } from './functions.js';
import { METHOD_NAMES } from './methods.js';
import { AttrsSyntaxError } from './syntax-error.js';
import { tokenize, type Token } from './tokens.js';

/** Bounds how deep what needs no nesting, such as a chain of methods, can go. */
const LONGEST = 4096;
const DEEPEST = 64;

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in']);
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/** Reads a Starlark expression. @throws AttrsSyntaxError */
export function parse(source: string): Expression {
  if (source.length > LONGEST) throw new AttrsSyntaxError(`longer than ${LONGEST} characters`, LONGEST);
  return new Parser(tokenize(source)).whole();
}

class Parser {
  #at = 0;
  #depth = 0;
  /** Names that no comprehension around them has bound yet: the `for` stands after what uses them. */
  #free: { readonly name: string; readonly at: number }[] = [];

  constructor(readonly tokens: readonly Token[]) {}

  whole(): Expression {
    const expression = this.#list('end');
    if (this.#next.kind !== 'end') this.#unexpected();
    const [free] = this.#free;
    if (free !== undefined) {
      throw unknown('name', free.name, ['attrs', ...CONSTANTS.keys(), ...FUNCTION_NAMES], free.at);
    }
    return expression;
  }

  get #next(): Token {
    return this.tokens[this.#at]!;
  }

  #is(text: string): boolean {
    const token = this.#next;
    return (token.kind === 'sign' || token.kind === 'keyword') && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#unexpected(`"${text}"`);
  }

  #unexpected(expected?: string): never {
    const token = this.#next;
    const found =
      token.kind === 'end'
        ? 'the end'
        : token.kind === 'string' || token.kind === 'int'
          ? `a ${token.kind === 'int' ? 'number' : 'string'}`
          : `"${token.text}"`;
    throw new AttrsSyntaxError(
      expected === undefined ? `${found} is not expected here` : `${expected} is expected, not ${found}`,
      token.at,
    );
  }

  /** One expression, or with commas a tuple, as inside of parentheses. */
  #list(end: 'end' | ')'): Expression {
    const atEnd = (): boolean => (end === 'end' ? this.#next.kind === 'end' : this.#is(')'));
    if (atEnd()) {
      if (end === ')') return { kind: 'tuple', items: [] };
      this.#unexpected('an expression');
    }
    const first = this.#test();
    if (!this.#is(',')) return first;
    const items = [first];
    while (this.#take(',')) {
      if (atEnd()) break;
      items.push(this.#test());
    }
    return { kind: 'tuple', items };
  }

  #test(): Expression {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new AttrsSyntaxError(`nested deeper than ${DEEPEST} levels`, this.#next.at);
    const yes = this.#or();
    let result = yes;
    if (this.#take('if')) {
      const condition = this.#or();
      this.#expect('else');
      result = { kind: 'choice', condition, yes, no: this.#test() };
    }
    this.#depth -= 1;
    return result;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#take('and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    let count = 0;
    while (this.#take('not')) count += 1;
    if (count > DEEPEST) throw new AttrsSyntaxError(`nested deeper than ${DEEPEST} levels`, this.#next.at);
    let operand = this.#comparison();
    for (; count > 0; count -= 1) operand = { kind: 'not', operand };
    return operand;
  }

  #comparison(): Expression {
    const left = this.#sum();
    const operator = this.#comparisonSign();
    if (operator === undefined) return left;
    const right = this.#sum();
    const again = this.#next.at;
    if (this.#comparisonSign() !== undefined) {
      throw new AttrsSyntaxError('comparisons cannot be chained: join two with "and"', again);
    }
    return { kind: 'compare', operator, left, right };
  }

  #comparisonSign(): Comparison | undefined {
    const token = this.#next;
    if (token.kind !== 'sign' && token.kind !== 'keyword') return undefined;
    if (token.text === 'not') {
      const after = this.tokens[this.#at + 1];
      if (after?.kind !== 'keyword' || after.text !== 'in') return undefined;
      this.#at += 2;
      return 'not in';
    }
    if (!COMPARISONS.has(token.text)) return undefined;
    this.#at += 1;
    return token.text as Comparison;
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#binary(['*', '//', '%'], () => this.#unary()));
  }

  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((one) => this.#take(one));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: operand() };
    }
  }

  #unary(): Expression {
    const signs: ('negative' | 'positive')[] = [];
    for (;;) {
      if (this.#take('-')) signs.push('negative');
      else if (this.#take('+')) signs.push('positive');
      else break;
    }
    if (signs.length > DEEPEST) throw new AttrsSyntaxError(`nested deeper than ${DEEPEST} levels`, this.#next.at);
    let operand = this.#suffixed();
    for (const kind of signs.reverse()) operand = { kind, operand };
    return operand;
  }

  #suffixed(): Expression {
    let value = this.#primary();
    for (;;) {
      if (this.#take('.')) value = this.#method(value);
      else if (this.#take('[')) value = this.#subscript(value);
      else if (this.#is('(')) throw new AttrsSyntaxError('only functions and methods can be called', this.#next.at);
      else return value;
    }
  }

  #method(of: Expression): Expression {
    const token = this.#next;
    if (token.kind !== 'name') this.#unexpected("a method's name");
    if (!METHOD_NAMES.has(token.text)) throw unknown('method', token.text, METHOD_NAMES, token.at);
    this.#at += 1;
    this.#expect('(');
    return { kind: 'method', of, name: token.text, args: this.#items(')') };
  }

  #subscript(of: Expression): Expression {
    const part = (): Expression | undefined => (this.#is(':') || this.#is(']') ? undefined : this.#test());
    const from = part();
    if (!this.#take(':')) {
      if (from === undefined) this.#unexpected('an index');
      this.#expect(']');
      return { kind: 'index', of, at: from };
    }
    const to = part();
    const step = this.#take(':') ? part() : undefined;
    this.#expect(']');
    return { kind: 'slice', of, from, to, step };
  }

  #primary(): Expression {
    const token = this.#next;
    if (token.kind === 'string' || token.kind === 'int') {
      this.#at += 1;
      return { kind: 'constant', value: token.value };
    }
    if (token.kind === 'name') return this.#name(token.text, token.at);
    if (this.#take('(')) {
      const inner = this.#list(')');
      this.#expect(')');
      return inner;
    }
    if (this.#take('[')) return this.#brackets();
    if (this.#take('{')) return this.#dict();
    return this.#unexpected('an expression');
  }

  #name(name: string, at: number): Expression {
    this.#at += 1;
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return { kind: 'constant', value: constant };
    if (name === 'attrs') return { kind: 'attrs' };
    if (!isFunctionName(name)) {
      if (this.#is('(')) throw unknown('function', name, FUNCTION_NAMES, at);
      this.#free.push({ name, at });
      return { kind: 'variable', name };
    }
    this.#expect('(');
    return { kind: 'call', name, args: this.#items(')') };
  }

  /** Up to the closing sign, with commas between; one may stand at the end. */
  #items(end: ')' | ']'): Expression[] {
    const items: Expression[] = [];
    while (!this.#take(end)) {
      items.push(this.#test());
      if (!this.#is(end)) this.#expect(',');
    }
    return items;
  }

  #brackets(): Expression {
    const outer = this.#free.length;
    if (this.#take(']')) return { kind: 'list', items: [] };
    const item = this.#test();
    if (this.#is('for')) return { kind: 'comprehension', item, clauses: this.#clauses(']', outer) };
    if (!this.#is(']')) this.#expect(',');
    return { kind: 'list', items: [item, ...this.#items(']')] };
  }

  #dict(): Expression {
    const outer = this.#free.length;
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.#take('}')) {
      const key = this.#test();
      this.#expect(':');
      const value = this.#test();
      if (entries.length === 0 && this.#is('for')) {
        return { kind: 'dict comprehension', key, value, clauses: this.#clauses('}', outer) };
      }
      entries.push([key, value]);
      if (!this.#is('}')) this.#expect(',');
    }
    return { kind: 'dict', entries };
  }

  /** @param outer how many free names there were before the comprehension began */
  #clauses(end: ']' | '}', outer: number): Clause[] {
    const clauses: Clause[] = [];
    const bound = new Set<string>();
    while (!this.#take(end)) {
      if (clauses.length > 0 && this.#take('if')) {
        clauses.push({ kind: 'if', condition: this.#or() });
        continue;
      }
      this.#expect('for');
      const names = this.#loopNames();
      for (const name of names) bound.add(name);
      this.#expect('in');
      clauses.push({ kind: 'for', names, of: this.#or() });
    }
    this.#free = this.#free.filter(({ name }, i) => i < outer || !bound.has(name));
    return clauses;
  }

  #loopNames(): string[] {
    const inParentheses = this.#take('(');
    const names: string[] = [];
    do {
      const token = this.#next;
      if (token.kind !== 'name') this.#unexpected('a name');
      this.#at += 1;
      names.push(token.text);
    } while (this.#take(','));
    if (inParentheses) this.#expect(')');
    return names;
  }
}

function unknown(kind: string, name: string, known: Iterable<string>, at: number): AttrsSyntaxError {
  const near = nearest(name, known);
  const meant = near === undefined ? '' : `; did you mean "${near}"?`;
  return new AttrsSyntaxError(`there is no ${kind} "${name.slice(0, 32)}"${meant}`, at);
}
