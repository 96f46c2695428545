import { readFileSync } from 'node:fs';

/** Descriptors that are not connections: logs, the event loop, modules, sockets on their way. */
const RESERVED = 48;

/**
 * How many conns this process can have open at a time, by its limit of open files; Infinity where
 * the system does not say. Beyond the limit libuv turns connections away without a word, and dials
 * of those that were accepted fail: so we stop short of it, and say so.
 */
export function connLimit(): number {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Math.max(2, Number(soft) - RESERVED);
}
