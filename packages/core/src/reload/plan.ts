import { isDeepStrictEqual } from 'node:util';

/** What becomes of one entry of a list when another configuration comes. */
export interface Change<H, E> {
  readonly key: string;
  /** The running handler of that key. */
  readonly before: H | undefined;
  /** Its entry in the new configuration. */
  readonly entry: E | undefined;
  /** The running handler is what the new entry asks for. */
  readonly isKept: boolean;
}

/**
 * Compares running handlers with the entries that are wanted: first those wanted, in their order,
 * then those that go.
 */
export function planChanges<H, E>(
  running: ReadonlyMap<string, H>,
  wanted: ReadonlyMap<string, E>,
  entryOf: (handler: H) => unknown,
): Change<H, E>[] {
  const changes: Change<H, E>[] = [];
  for (const [key, entry] of wanted) {
    const before = running.get(key);
    const isKept = before !== undefined && isDeepStrictEqual(entryOf(before), entry);
    changes.push({ key, before, entry, isKept });
  }
  for (const [key, before] of running) {
    if (!wanted.has(key)) changes.push({ key, before, entry: undefined, isKept: false });
  }
  return changes;
}
