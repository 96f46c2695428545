import type { SchemaOptions, Static, TInteger, TSchema, TString, TUnion } from '@sinclair/typebox';
import { Type } from './type-builder.js';

export { Type };
export type { Static, TSchema };

/**
 * Says what is wrong with a value that has the right shape. `path` leads from the settings (or
 * rule) object to the value: ['users', 0, 'secret']. Nothing that is said may hold a secret.
 */
export interface ProblemReporter {
  /** The configuration is refused. */
  error(path: readonly (string | number)[], message: string, details?: ProblemDetails): void;
  /** It is taken, and the operator told. */
  warning(path: readonly (string | number)[], message: string, details?: ProblemDetails): void;
}

/** Another place of the same value that a problem has to do with. */
export interface RelatedPath {
  /** As the problem's own. */
  readonly path: readonly (string | number)[];
  /** What is there, in a few words: "the user that stands here first". */
  readonly message: string;
}

/** What is shown beside the message, in words; all of it may be left out. */
export interface ProblemDetails {
  /** The code of the diagnostic: one of those that are the same for every protocol. Default "C_CHECK". */
  readonly code?: 'C_CHECK' | 'C_DUPLICATE_USER' | 'C_CERTIFICATE' | undefined;
  /** What stands there. */
  readonly found?: string | undefined;
  /** What should stand there. */
  readonly expected?: string | undefined;
  /** Other places that belong to it: of what stands twice, the first one. */
  readonly related?: readonly RelatedPath[] | undefined;
  /** What could be written instead. */
  readonly suggestion?: string | undefined;
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
