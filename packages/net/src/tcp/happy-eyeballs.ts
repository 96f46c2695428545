import { isIPv6 } from 'node:net';
import type { Conn } from '../conn/conn.js';
import type { TimerWheel } from '../timer-wheel.js';
import type { Attempt } from './dialer.js';

/** RFC 8305's "Connection Attempt Delay". */
const ATTEMPT_DELAY_MS = 250;
/** More addresses than this are not tried for one connection. */
const MAX_ADDRESSES = 8;

/** RFC 8305, section 4: families alternate, the first address's family leads. */
export function interleave(addresses: readonly string[]): string[] {
  const [first] = addresses;
  if (first === undefined) return [];
  const leading = addresses.filter((address) => isIPv6(address) === isIPv6(first));
  const other = addresses.filter((address) => isIPv6(address) !== isIPv6(first));
  const mixed: string[] = [];
  for (let i = 0; i < Math.max(leading.length, other.length); i += 1) {
    const a = leading[i];
    const b = other[i];
    if (a !== undefined) mixed.push(a);
    if (b !== undefined) mixed.push(b);
  }
  return mixed.slice(0, MAX_ADDRESSES);
}

/**
 * Races addresses: the next starts 250 ms after the last, or at once when one fails. The first to
 * connect wins and the others are abandoned; if all fail, the first one's error is thrown.
 */
export function happyEyeballs(
  timers: TimerWheel,
  addresses: readonly string[],
  open: (address: string) => Attempt,
): Attempt {
  const queue = interleave(addresses);
  const running = new Set<Attempt>();
  let over = false;
  let firstError: unknown;
  let timer = timers.after(ATTEMPT_DELAY_MS, () => undefined);
  timers.cancel(timer);

  const stop = (winner?: Attempt): void => {
    over = true;
    timers.cancel(timer);
    for (const attempt of running) if (attempt !== winner) attempt.abandon();
    running.clear();
  };

  const conn = new Promise<Conn>((resolve, reject) => {
    const startNext = (): void => {
      const address = queue.shift();
      if (over || address === undefined) return;
      const attempt = open(address);
      running.add(attempt);
      timers.cancel(timer);
      if (queue.length > 0) timer = timers.after(ATTEMPT_DELAY_MS, startNext);
      attempt.conn.then(
        (won) => {
          if (over) {
            won.destroy();
            return;
          }
          stop(attempt);
          resolve(won);
        },
        (error: unknown) => {
          running.delete(attempt);
          firstError ??= error;
          if (over) return;
          if (queue.length > 0) startNext();
          else if (running.size === 0) {
            stop();
            reject(firstError);
          }
        },
      );
    };
    startNext();
  });
  return { conn, abandon: () => stop() };
}
