import { formatHostPort, type Destination, type DialObserver, type Logger, type SluiceError } from '@sluice/plugin-api';
import type { Addresses } from './addresses.js';

/** How long an address rests after its first failure, in ms; each further one doubles it. */
const FIRST_REST_MS = 5000;
const MAX_REST_MS = 5 * 60_000;
/** After its rest one connection tries the address; the others wait this long for what comes of it, in ms. */
const TRIAL_MS = 1000;

interface Rest {
  failures: number;
  /** On the clock's scale. */
  until: number;
  /** The rest is over, and a connection is trying the address. */
  onTrial: boolean;
}

/**
 * Which addresses have failed of late. They rest: everybody else's turn comes first, theirs last, so
 * that they are tried all the same where nothing else answers. Shared by all connections of an
 * inbound. It remembers the destinations of its inbound's table and no others, so it is bounded.
 */
export class AddressHealth implements DialObserver<Destination> {
  readonly #resting = new Map<Destination, Rest>();
  readonly #known: ReadonlySet<Destination>;
  readonly #logger: Pick<Logger, 'info' | 'debug'> | undefined;
  readonly #clock: () => number;

  /**
   * @param known the addresses there are, as the very objects that it will be told of
   * @param clock in ms; need not be the time of day
   */
  constructor(
    known: ReadonlySet<Destination>,
    logger?: Pick<Logger, 'info' | 'debug'>,
    clock: () => number = () => performance.now(),
  ) {
    this.#known = known;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** How many have failed and not answered since. */
  get resting(): number {
    return this.#resting.size;
  }

  /** The same addresses, those that rest at the end, of them the one first whose rest ends first. */
  order(addresses: Addresses): Addresses {
    if (this.#resting.size === 0) return addresses;
    const now = this.#clock();
    const ready: Destination[] = [];
    const resting: { readonly address: Destination; readonly until: number }[] = [];
    for (const address of addresses) {
      const rest = this.#resting.get(address);
      if (rest === undefined) ready.push(address);
      else if (rest.until > now) resting.push({ address, until: rest.until });
      else {
        // One connection tries it: if it is still dead, no others have to wait for that.
        rest.onTrial = true;
        rest.until = now + TRIAL_MS;
        ready.push(address);
      }
    }
    resting.sort((a, b) => a.until - b.until);
    return [...ready, ...resting.map(({ address }) => address)] as readonly Destination[] as Addresses;
  }

  connected(address: Destination): void {
    if (this.#resting.size === 0 || !this.#resting.delete(address)) return;
    this.#logger?.info(`${formatHostPort(address.host, address.port)} answers again`);
  }

  failed(address: Destination, error: SluiceError): void {
    if (!this.#known.has(address)) return;
    const now = this.#clock();
    const rest = this.#resting.get(address) ?? { failures: 0, until: 0, onTrial: false };
    // Many connections fail at once where an address goes down: that is one failure.
    if (rest.until > now && !rest.onTrial) return;
    rest.failures += 1;
    rest.onTrial = false;
    const ms = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (rest.failures - 1));
    rest.until = now + ms;
    this.#resting.set(address, rest);
    const line = `${formatHostPort(address.host, address.port)} rests for ${ms / 1000} s: ${error.message}`;
    if (rest.failures === 1) this.#logger?.info(line, { code: error.code });
    else this.#logger?.debug(line, { code: error.code });
  }
}
