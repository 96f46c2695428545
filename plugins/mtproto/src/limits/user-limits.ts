import {
  Counter,
  TokenBucket,
  type Logger,
  type RelayMeters,
  type Session,
  type SessionObserver,
  type SluiceError,
  type Stats,
  type TimerWheel,
} from '@sluice/plugin-api';
import { CidrSet } from '../address/cidr-set.js';
import { parseDateTime } from './date-time.js';
import type { Expiring, ExpiryWatch } from './expiry-watch.js';
import { limitError, type LimitReason } from './limit-reason.js';
import type { LimitSettings } from './limit-settings.js';
import { sourceNetwork } from './source-network.js';
import type { LedgerOwner, UserLedger } from './user-ledger.js';

/** What a user's limits need of the instance. */
export interface UserLimitsServices {
  readonly stats: Stats;
  readonly logger: Logger;
  readonly timers: TimerWheel;
  /** The time in ms since 1970. */
  readonly clock: () => number;
  readonly expiry: ExpiryWatch;
}

const UNMETERED: RelayMeters = Object.freeze({});

/** What limits the rate, by what it was made for. */
interface RateBuckets {
  readonly up: RateBucket | undefined;
  readonly down: RateBucket | undefined;
}

interface RateBucket {
  readonly bytesPerSecond: number;
  readonly bucket: TokenBucket;
}

const NO_BUCKETS: RateBuckets = { up: undefined, down: undefined };

/**
 * The limits of one user. Refusals and ends are counted by reason, as
 * "user>>>NAME>>>refused>>>quota" and "user>>>NAME>>>ended>>>quota".
 */
export class UserLimits implements Expiring, LedgerOwner {
  readonly name: string;
  /** In ms since 1970; Infinity: never. */
  readonly expiresAt: number;
  readonly #settings: LimitSettings;
  readonly #services: UserLimitsServices;
  readonly #ledger: UserLedger;
  readonly #allow: CidrSet | undefined;
  readonly #deny: CidrSet | undefined;
  readonly #places = new Set<Place>();
  #meters: RelayMeters | undefined;
  #inherited: RateBuckets = NO_BUCKETS;

  /**
   * @param name the user's email, or what else stands for it in logs and counters
   * @throws SluiceError E_ADDRESS_INVALID for lists that were not checked
   */
  constructor(name: string, settings: LimitSettings, ledger: UserLedger, services: UserLimitsServices) {
    this.name = name;
    this.#settings = settings;
    this.#services = services;
    this.#ledger = ledger;
    ledger.owner = this;
    const { expiresAt, allow, deny } = settings;
    // A date that nobody can read has passed: `check` has said so.
    this.expiresAt = expiresAt === undefined ? Infinity : (parseDateTime(expiresAt) ?? -Infinity);
    this.#allow = allow === undefined ? undefined : new CidrSet(allow);
    this.#deny = deny === undefined ? undefined : new CidrSet(deny);
  }

  /** Connections that have been admitted and are not over. */
  get connections(): number {
    return this.#places.size;
  }

  /**
   * Takes a place for the connection in the user's counts, which it gives back when the session is
   * over; a refused connection takes none.
   * @param sourceAddress the client's IP, or the path of a Unix socket
   * @returns what meters the relay, the same object for all connections of the user; or why the
   * connection is refused (E_MTPROTO_DENIED, _EXPIRED, _QUOTA, _CONNECTIONS, _SOURCES), which has
   * been counted
   */
  admit(session: Session, sourceAddress: string): RelayMeters | SluiceError {
    const source = this.#settings.maxSourceIPs === undefined ? undefined : sourceNetwork(sourceAddress);
    const refusal = this.#ownRefusal(sourceAddress) ?? this.#ledger.enter(source);
    if (refusal !== undefined) {
      this.#count('refused', refusal, 1);
      return limitError(refusal, this.name);
    }
    const place = new Place(this, session, source);
    this.#places.add(place);
    if (this.expiresAt !== Infinity) this.#services.expiry.watch(this);
    session.onEnd(place);
    this.#meters ??= this.#makeMeters();
    return this.#meters;
  }

  /** Shares the rate, where it is the same, with connections that the limits before these have admitted. */
  inherit(previous: UserLimits): void {
    this.#inherited = previous.#buckets();
  }

  expire(): void {
    this.#endAll('expired');
  }

  quotaPassed(): void {
    this.#endAll('quota');
  }

  /** @internal */
  vacate(place: Place): void {
    if (!this.#places.delete(place)) return;
    this.#ledger.leave(place.source);
    if (this.#places.size === 0 && this.expiresAt !== Infinity) this.#services.expiry.unwatch(this);
  }

  /** What stands against a connection without a look at others. */
  #ownRefusal(address: string): LimitReason | undefined {
    if (this.#deny?.has(address) === true || this.#allow?.has(address) === false) return 'denied';
    return this.#services.clock() >= this.expiresAt ? 'expired' : undefined;
  }

  #endAll(reason: LimitReason): void {
    const error = limitError(reason, this.name);
    let ended = 0;
    for (const place of this.#places) {
      if (place.ending) continue;
      place.ending = true;
      ended += 1;
      place.session.end(error);
    }
    if (ended === 0) return;
    this.#count('ended', reason, ended);
    this.#services.logger.info(error.message, { ended });
  }

  /** Made when first needed: most reasons never come up for most users. */
  #count(what: 'refused' | 'ended', reason: LimitReason, by: number): void {
    this.#services.stats.counter(`user>>>${this.name}>>>${what}>>>${reason}`).add(by);
  }

  #buckets(): RateBuckets {
    if (this.#meters === undefined) return this.#inherited;
    const { up, down } = this.#settings.rate ?? {};
    const { uplinkRate, downlinkRate } = this.#meters;
    return {
      up: up === undefined || uplinkRate === undefined ? undefined : { bytesPerSecond: up, bucket: uplinkRate },
      down:
        down === undefined || downlinkRate === undefined ? undefined : { bytesPerSecond: down, bucket: downlinkRate },
    };
  }

  /** Kept for good: a bucket that went with the last connection would be full again for the next. */
  #makeMeters(): RelayMeters {
    const { quota, rate } = this.#settings;
    if (quota === undefined && rate === undefined) return UNMETERED;
    const bucket = (wanted: number | undefined, known: RateBucket | undefined): TokenBucket | undefined => {
      if (wanted === undefined) return undefined;
      return known?.bytesPerSecond === wanted ? known.bucket : new TokenBucket(this.#services.timers, wanted);
    };
    return {
      uplink: quota === undefined ? undefined : new UplinkCounter(this.#ledger),
      downlink: quota === undefined ? undefined : new DownlinkCounter(this.#ledger),
      uplinkRate: bucket(rate?.up, this.#inherited.up),
      downlinkRate: bucket(rate?.down, this.#inherited.down),
    };
  }
}

/** One connection's place in its user's counts. */
class Place implements SessionObserver {
  /** It has been told to end. */
  ending = false;

  constructor(
    readonly user: UserLimits,
    readonly session: Session,
    readonly source: string | undefined,
  ) {}

  sessionEnded(): void {
    this.user.vacate(this);
  }
}

class UplinkCounter extends Counter {
  constructor(readonly ledger: UserLedger) {
    super();
  }

  override add(n: number): void {
    this.ledger.spend(n, 0);
  }
}

class DownlinkCounter extends Counter {
  constructor(readonly ledger: UserLedger) {
    super();
  }

  override add(n: number): void {
    this.ledger.spend(0, n);
  }
}
