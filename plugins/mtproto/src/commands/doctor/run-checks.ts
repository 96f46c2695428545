import { SluiceError, toSluiceError } from '@sluice/plugin-api';
import type { Check, Finding } from './finding.js';

/** So many checks run at a time: each has a few connections open at most. */
const AT_A_TIME = 32;

/** A check that is told that its time is up has so long, in ms, to say what it has seen. */
const GRACE_MS = 500;

/** Runs checks side by side, each for so long at most, in milliseconds. @returns their findings, in their order */
export async function runChecks(checks: readonly Check[], limit: number): Promise<readonly Finding[]> {
  const found: (readonly Finding[])[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < checks.length) {
      const index = next;
      next += 1;
      found[index] = await runOne(checks[index]!, limit);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return found.flat();
}

async function runOne(check: Check, limit: number): Promise<readonly Finding[]> {
  const late = new SluiceError('E_CONN_TIMEOUT', `no answer within ${limit / 1000} s`);
  const [inTime, inGrace] = [new AbortController(), new AbortController()];
  const timers = [setTimeout(() => inTime.abort(late), limit), setTimeout(() => inGrace.abort(late), limit + GRACE_MS)];
  try {
    return await orAborted(check.run(inTime.signal), inGrace.signal);
  } catch (error) {
    const { subject, about } = check;
    const seen = toSluiceError(error).message;
    return [{ subject, ...(about === undefined ? {} : { about }), status: 'problem', seen }];
  } finally {
    timers.forEach(clearTimeout);
    // Whatever is still under way for this check ends with it.
    inTime.abort(late);
  }
}

/** The system's resolver cannot be stopped: its answer then comes too late. @throws the signal's reason */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(toSluiceError(signal.reason));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
