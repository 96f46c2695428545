import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const GRACE_MS = 2000;

/** @type {Set<ChildProcess>} */
const running = new Set();

/**
 * Remembers a child, so that it ends with the bench however that ends.
 * @template {ChildProcess} T
 * @param {T} child
 * @returns {T}
 */
export function track(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** @param {ChildProcess} child */
export function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/**
 * Ends a child: asked first, killed when it does not follow.
 * @param {ChildProcess} child
 */
export async function stop(child) {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const waiting = new AbortController();
  await Promise.race([exited, sleep(GRACE_MS, undefined, { signal: waiting.signal }).catch(() => {})]);
  waiting.abort();
  if (!hasEnded(child)) child.kill('SIGKILL');
  await exited;
}

/** Kills whatever still runs, at once: for the last moment of the bench. */
export function killAll() {
  for (const child of running) child.kill('SIGKILL');
}
