import { RE2JS } from 're2js';

/**
 * An expression in RE2 syntax, matched in linear time and in any case.
 * @throws what RE2JS throws for an expression that it does not accept
 */
export function compileRegexp(expression: string): RE2JS {
  return RE2JS.compile(expression, RE2JS.CASE_INSENSITIVE);
}
