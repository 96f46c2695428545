import type { Problems } from '../diagnostics/problems.js';
import { MAX_DEPTH } from './jsonc.js';
import { childPointer, type ConfigNode, type Place } from './node.js';

/** Reads a value of the program as if it had come from a file. What JSON cannot say is an error. */
export function readObject(value: unknown, problems: Problems): ConfigNode | undefined {
  try {
    return nodeFromValue(value, { pointer: '' }, problems);
  } catch {
    // A getter or proxy of the caller's.
    problems.error('C_TYPE', { pointer: '' }, 'the object cannot be read: one of its properties throws');
    return undefined;
  }
}

/** All nodes get the place's span, and pointers that start with its pointer. */
export function nodeFromValue(value: unknown, place: Place, problems?: Problems, depth = 0): ConfigNode | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) {
    return { kind: 'scalar', value: value as string | number | boolean | null, place };
  }
  const child = (step: string | number, inner: unknown): ConfigNode | undefined =>
    nodeFromValue(inner, { ...place, pointer: childPointer(place.pointer, step) }, problems, depth + 1);
  if (typeof value !== 'object' || depth >= MAX_DEPTH) {
    const why =
      typeof value === 'object'
        ? `nested more than ${MAX_DEPTH} levels deep, or in a circle`
        : 'not a value that JSON has';
    problems?.error('C_TYPE', place, why, { found: typeof value });
    return undefined;
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, index) => child(index, item)).filter((item) => item !== undefined);
    return { kind: 'array', items, place };
  }
  const members = [];
  for (const [key, inner] of Object.entries(value)) {
    const node = inner === undefined ? undefined : child(key, inner);
    if (node !== undefined) members.push({ key, keyPlace: node.place, value: node });
  }
  return { kind: 'object', members, place };
}
