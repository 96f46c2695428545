import type { SchemaOptions, Static, TInteger, TSchema, TString, TUnion } from '@sinclair/typebox';
import { Type } from './type-builder.js';

export { Type };
export type { Static, TSchema };

/**
 * Says what is wrong with a value that has the right shape. `path` leads from the settings (or
 * rule) object to the value: ['users', 0, 'secret'].
 */
export interface ProblemReporter {
  error(path: readonly (string | number)[], message: string): void;
  warning(path: readonly (string | number)[], message: string): void;
}

/** A string that is never shown: diagnostics and logs print "(secret)" instead. */
export function secretString(
  options: SchemaOptions & { pattern?: string; minLength?: number; maxLength?: number },
): TString {
  return Type.String({ ...options, secret: true });
}

/** A policy level, as V2Ray's `level` and `userLevel`. */
export function levelSchema(of: string): TInteger {
  return Type.Integer({
    minimum: 0,
    maximum: 4294967295,
    default: 0,
    unit: 'level',
    examples: [1],
    description: `The policy level of ${of}: selects the entry of \`policy.levels\`. Default 0.`,
  });
}

/** A TCP or UDP port: a number, or V2Ray's string form of one. */
export function portSchema(options: SchemaOptions): TUnion<[TInteger, TString]> {
  return Type.Union([Type.Integer({ minimum: 0, maximum: 65535 }), Type.String({ pattern: '^[0-9]{1,5}$' })], {
    unit: 'port',
    examples: [443],
    ...options,
  });
}
