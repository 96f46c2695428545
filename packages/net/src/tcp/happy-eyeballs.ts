import { isIPv6 } from 'node:net';
import type { Conn } from '../conn/conn.js';
import { SluiceError, toSluiceError } from '../errors.js';
import { TimerEntry, type TimerWheel } from '../timer-wheel.js';

/** RFC 8305's "Connection Attempt Delay" of 250 ms, as near as the wheel's ticks come: 200 to 300 ms. */
const ATTEMPT_DELAY_TICKS = 2;
/** More addresses of a name than this are not tried for one connection. */
const MAX_ADDRESSES = 8;
/** Attempts of one race that wait at the same time; each costs a file descriptor. */
const MAX_AT_ONCE = 8;

/** An attempt that can be given up. */
export interface Attempt {
  readonly conn: Promise<Conn>;
  /** @param reason E_DIAL_TIMEOUT if it took too long; anything else says nothing of the address */
  readonly abandon: (reason?: SluiceError) => void;
}

/** Who wants to know what became of the addresses of a race. Must not throw. */
export interface DialObserver<A> {
  /** The address answered, and before all others. */
  connected(address: A): void;
  /** The address refused, could not be reached, or let a whole attempt's delay pass and was overtaken. */
  failed(address: A, error: SluiceError): void;
}

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

/** Races the addresses of a name, families alternating. See {@link raceAddresses}. */
export function happyEyeballs(
  timers: TimerWheel,
  addresses: readonly string[],
  open: (address: string) => Attempt,
): Attempt {
  return raceAddresses(timers, interleave(addresses), open);
}

/**
 * Races addresses in the order given: the next starts about 250 ms after the last, or at once when
 * one fails. The first to connect wins and the others are abandoned; if all fail, the first one's
 * error is thrown.
 * @param addresses at least one
 */
export function raceAddresses<A>(
  timers: TimerWheel,
  addresses: readonly A[],
  open: (address: A) => Attempt,
  observer?: DialObserver<A>,
): Attempt {
  const race = new Race(timers, addresses, open, observer);
  return { conn: race.run(), abandon: (reason) => race.abandon(reason) };
}

interface Running<A> {
  readonly address: A;
  readonly attempt: Attempt;
  readonly since: number;
}

class Race<A> extends TimerEntry {
  readonly #timers: TimerWheel;
  readonly #addresses: readonly A[];
  readonly #open: (address: A) => Attempt;
  readonly #observer: DialObserver<A> | undefined;
  readonly #running: Running<A>[] = [];
  #next = 0;
  #over = false;
  #firstError: unknown;
  #resolve!: (conn: Conn) => void;
  #reject!: (error: unknown) => void;

  constructor(
    timers: TimerWheel,
    addresses: readonly A[],
    open: (address: A) => Attempt,
    observer: DialObserver<A> | undefined,
  ) {
    super();
    this.#timers = timers;
    this.#addresses = addresses;
    this.#open = open;
    this.#observer = observer;
  }

  run(): Promise<Conn> {
    return new Promise<Conn>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#startNext();
    });
  }

  abandon(reason: SluiceError | undefined): void {
    if (this.#over) return;
    if (reason?.code === 'E_DIAL_TIMEOUT') this.#blameSlow(reason);
    this.#stop();
  }

  onTimer(): void {
    this.#startNext();
  }

  #startNext(): void {
    if (this.#next >= this.#addresses.length || this.#running.length >= MAX_AT_ONCE) return;
    const address = this.#addresses[this.#next] as A;
    this.#next += 1;
    const attempt = this.#open(address);
    const running = { address, attempt, since: this.#timers.now };
    this.#running.push(running);
    if (this.#next < this.#addresses.length) this.#timers.schedule(this, ATTEMPT_DELAY_TICKS);
    attempt.conn.then(
      (conn) => this.#connected(running, conn),
      (error: unknown) => this.#failed(running, error),
    );
  }

  #connected(winner: Running<A>, conn: Conn): void {
    if (this.#over) {
      conn.destroy();
      return;
    }
    this.#running.splice(this.#running.indexOf(winner), 1);
    this.#observer?.connected(winner.address);
    if (this.#running.length > 0) {
      this.#blameSlow(new SluiceError('E_DIAL_TIMEOUT', 'another address answered before'));
    }
    this.#stop();
    this.#resolve(conn);
  }

  #failed(running: Running<A>, error: unknown): void {
    if (this.#over) return;
    this.#running.splice(this.#running.indexOf(running), 1);
    this.#observer?.failed(running.address, toSluiceError(error));
    this.#firstError ??= error;
    if (this.#next < this.#addresses.length) {
      this.#timers.cancel(this);
      this.#startNext();
    } else if (this.#running.length === 0) {
      this.#over = true;
      this.#reject(this.#firstError);
    }
  }

  /** Those that have had their time. What started a moment ago has proved nothing. */
  #blameSlow(error: SluiceError): void {
    if (this.#observer === undefined) return;
    for (const { address, since } of this.#running) {
      if (this.#timers.now - since >= ATTEMPT_DELAY_TICKS) this.#observer.failed(address, error);
    }
  }

  #stop(): void {
    this.#over = true;
    this.#timers.cancel(this);
    for (const { attempt } of this.#running) attempt.abandon();
    this.#running.length = 0;
  }
}
