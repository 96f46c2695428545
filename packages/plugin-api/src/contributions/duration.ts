import type { SchemaOptions, TString } from '@sinclair/typebox';
import { Type } from './type-builder.js';

/** Milliseconds in a unit of Go's `time.ParseDuration`, which V2Ray reads durations with. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A time as V2Ray writes it: "10s", "1m30s", "500ms". Read it with `durationMs`. */
export function durationSchema(options: SchemaOptions & { readonly default?: string }): TString {
  return Type.String({
    ...options,
    maxLength: 64,
    pattern: '^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$',
    patternErrorMessage: 'a duration such as "10s" or "1m30s"',
  });
}

/** @returns ms; 0 for a text that `durationSchema` would not accept */
export function durationMs(written: string): number {
  let ms = 0;
  for (const [, number, unit] of written.matchAll(/([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)/g))
    ms += Number(number) * (UNITS[unit as string] as number);
  return ms;
}
