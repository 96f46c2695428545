import { AssertionError } from 'node:assert';

/** The longest that any one step may take, in ms: far more than a working handler needs. */
const STEP_MS = 8000;

/** The value, or a failure that says what was waited for. */
export async function within<T>(waiting: Promise<T>, what: string, ms = STEP_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([waiting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again at every turn of the event loop until the answer is true. */
export async function until(isSo: () => boolean, what: () => string, ms = STEP_MS): Promise<void> {
  const end = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() > end) throw failure(`waited ${ms} ms for ${what()}`);
    await nextTurn();
  }
}

/** Lets everything that is ready be handled. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function failure(message: string): AssertionError {
  return new AssertionError({ message, stackStartFn: failure });
}
