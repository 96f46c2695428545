import { SluiceError, toSluiceError } from '@sluice/plugin-api';
import type { Check, Finding } from './finding.js';

/** So many checks run at a time: each has a few connections open at most. */
const AT_A_TIME = 32;

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
  const controller = new AbortController();
  const late = new SluiceError('E_CONN_TIMEOUT', `no answer within ${limit / 1000} s`);
  const timer = setTimeout(() => controller.abort(late), limit);
  try {
    return await orAborted(check.run(controller.signal), controller.signal);
  } catch (error) {
    const { subject, about } = check;
    const seen = toSluiceError(error).message;
    return [{ subject, ...(about === undefined ? {} : { about }), status: 'problem', seen }];
  } finally {
    clearTimeout(timer);
    // Whatever is still under way for this check ends with it.
    controller.abort(late);
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
