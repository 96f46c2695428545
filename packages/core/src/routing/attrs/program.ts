import { Evaluation } from './evaluation.js';
import { EvaluationError } from './evaluation-error.js';
import { parse } from './parser.js';
import { isTrue } from './values.js';

/** An expression over a request's attributes. */
export interface AttrsProgram {
  /** Whether its value is a true one. Without a value (a missing key, a wrong type, too much work) it is not. */
  isSatisfied(attributes: Readonly<Record<string, string>>): boolean;
}

/**
 * Compiles an expression of Starlark (https://github.com/bazelbuild/starlark/blob/master/spec.md), as V2Ray
 * takes it for a rule's `attrs`. Of the language these parts are not there: lambdas and functions as values, floats,
 * bit operators, named arguments, `str.format`, and what changes a value.
 * @throws AttrsSyntaxError
 */
export function compileAttrs(source: string): AttrsProgram {
  const expression = parse(source);
  return {
    isSatisfied(attributes) {
      try {
        return isTrue(new Evaluation(attributes).valueOf(expression));
      } catch (error) {
        if (error instanceof EvaluationError) return false;
        throw error;
      }
    },
  };
}
