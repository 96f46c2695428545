import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import type { Json, Typed } from './translation.js';

/** A type of our own, for protocols that V2Ray has no messages for: UTF-8 JSON of an entry. */
export const JSON_TYPE = 'sluice.config.Json';

/**
 * The object in a typed message of that type; undefined if it is of another one.
 * @throws SluiceError E_CONFIG_INVALID
 */
export function jsonIn({ type, value }: Typed): Json | undefined {
  if (type !== JSON_TYPE) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    // The parser's own words would quote what may be a secret.
    throw new SluiceError('E_CONFIG_INVALID', `the value of the ${JSON_TYPE} is no JSON`);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Json;
  throw new SluiceError('E_CONFIG_INVALID', `the value of the ${JSON_TYPE} must be an object`);
}
