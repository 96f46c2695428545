import type { Counter } from '../conn/conn.js';
import type { DataPlane } from '../data-plane.js';
import { SluiceError } from '../errors.js';
import type { Link } from '../link.js';
import { TimerEntry, TimerWheel } from '../timer-wheel.js';
import { RelaySide } from './side.js';
import type { TokenBucket } from './token-bucket.js';
import { shorterTimeouts, type RelayTimeouts } from './timeouts.js';

/** Why a relay ended: both sides were done, nobody spoke for too long, a side was reset, a codec failed, or the instance closes. */
export type RelayEnd = 'done' | 'idle' | 'client-reset' | 'upstream-reset' | 'error' | 'closing';

/** What a relay has carried, and why it ended. */
export interface RelayResult {
  /** Payload bytes from the client. */
  readonly uplink: number;
  /** Payload bytes to the client. */
  readonly downlink: number;
  readonly end: RelayEnd;
  readonly error?: SluiceError;
}

/** What counts and what limits a relay's payload. A counter of one's own kind may end the connection. */
export interface RelayMeters {
  /** Counts payload from the client. */
  readonly uplink?: Counter | undefined;
  /** Counts payload to the client. */
  readonly downlink?: Counter | undefined;
  /** Limits what comes from the client. */
  readonly uplinkRate?: TokenBucket | undefined;
  /** Limits what goes to the client. */
  readonly downlinkRate?: TokenBucket | undefined;
  /** In place of the policy level's: where the peers' own time limits are to show. */
  readonly timeouts?: RelayTimeouts | undefined;
}

/** What bounds a relay, and who is told of its end. */
export interface RelayOptions extends RelayMeters {
  /** What the connection's policy level says; where a link asks for less, that counts. */
  readonly timeouts: RelayTimeouts;
  /** Called exactly once, after both conns are gone or going. */
  onEnd(result: RelayResult): void;
}

/** A relay that lives longer than this (10 s) watches for dead peers. */
const LONG_LIVED_TICKS = 100;
/** Who takes nothing is looked at this often within the time that is allowed, but no more than once a second. */
const LOOKS = 4;
const LOOK_TICKS = 10;

/**
 * Joins a client's link and an upstream link: passes bytes through their codecs both ways, with
 * back-pressure, half-close, idle timeouts and counters, and takes both down when either fails.
 */
export class Relay extends TimerEntry {
  readonly #plane: DataPlane;
  readonly #options: RelayOptions;
  readonly #timeouts: RelayTimeouts;
  readonly #client: RelaySide;
  readonly #upstream: RelaySide;
  #timeout: number;
  /** For bytes that a slow receiver takes its time for: they are not silence. */
  readonly #stallTimeout: number;
  #finished = false;
  #longLived = false;
  /** Infinity where no link limits how long bytes may wait. */
  readonly #lookTicks: number;
  /** The tick of the last byte in either direction; written by the sides. */
  active: number;

  constructor(plane: DataPlane, client: Link, upstream: Link, options: RelayOptions) {
    super();
    this.#plane = plane;
    this.#options = options;
    this.#timeouts = shorterTimeouts(shorterTimeouts(options.timeouts, client.timeouts), upstream.timeouts);
    this.#timeout = TimerWheel.ticks(this.#timeouts.connIdle);
    this.#stallTimeout = this.#timeout;
    this.active = plane.timers.now;
    this.#client = new RelaySide(this, plane.timers, client, {
      counter: options.uplink,
      bucket: options.uplinkRate,
    });
    this.#upstream = new RelaySide(this, plane.timers, upstream, {
      counter: options.downlink,
      bucket: options.downlinkRate,
    });
    const allowed = Math.min(this.#client.userTimeout, this.#upstream.userTimeout);
    this.#lookTicks = Math.max(LOOK_TICKS, Math.ceil(allowed / LOOKS));
  }

  /** Hands both links to the engine. */
  start(): void {
    const client = this.#client;
    const upstream = this.#upstream;
    client.join(upstream);
    upstream.join(client);
    this.#plane.timers.schedule(this, Math.min(this.#timeout, LONG_LIVED_TICKS));
    // The client's side first: what it sent early must precede what it sends now.
    client.begin();
    upstream.begin();
  }

  get uplink(): number {
    return this.#client.bytes;
  }

  get downlink(): number {
    return this.#upstream.bytes;
  }

  /** Ends the relay from outside. */
  close(end: RelayEnd = 'closing', error?: SluiceError): void {
    this.#finish(end, error, true);
  }

  onTimer(): void {
    if (!this.#longLived) {
      this.#longLived = true;
      // Not before: most connections are short, and it takes four system calls.
      this.#upstream.keepAlive(false);
      this.#client.keepAlive(true);
    }
    if (this.#lookTicks !== Infinity && (this.#cutStalled(this.#client) || this.#cutStalled(this.#upstream))) return;
    // Who waits for the rate that we set is not idle.
    if (this.#client.throttled || this.#upstream.throttled) this.active = this.#plane.timers.now;
    const quiet = this.#plane.timers.now - this.active;
    const stalled = this.#client.blocked || this.#upstream.blocked;
    const limit = stalled ? Math.max(this.#timeout, this.#stallTimeout) : this.#timeout;
    if (quiet < limit) this.#plane.timers.schedule(this, Math.min(this.#timeout, limit - quiet, this.#lookTicks));
    else this.#finish(this.#client.ended || this.#upstream.ended ? 'done' : 'idle', undefined, false);
  }

  /** A side has read its peer's end and passed it on. @internal */
  sideEnded(side: RelaySide): void {
    if (this.#finished) return;
    const { downlinkOnly, uplinkOnly } = this.#timeouts;
    this.#timeout = TimerWheel.ticks(side === this.#client ? downlinkOnly : uplinkOnly);
    this.active = this.#plane.timers.now;
    this.#plane.timers.schedule(this, Math.min(this.#timeout, this.#lookTicks));
  }

  /** A side's conn is gone. @internal */
  sideClosed(side: RelaySide, error: SluiceError | undefined): void {
    if (this.#finished) return;
    const isClient = side === this.#client;
    if (error !== undefined) {
      // A conn that is itself a protocol, as HTTP's plain requests are, closes for what it was sent, too.
      const lost = error.code === 'E_CONN_RESET' || error.code === 'E_CONN_TIMEOUT';
      this.#finish(lost ? (isClient ? 'client-reset' : 'upstream-reset') : 'error', error, true);
    } else if (this.#client.ended && this.#upstream.ended) {
      // In order: the other conn closes by itself once its last bytes are out.
      if (this.#client.closed && this.#upstream.closed) this.#finish('done', undefined, false);
    } else {
      this.#finish('done', undefined, true);
    }
  }

  /** A codec has thrown. @internal */
  sideFailed(error: SluiceError): void {
    this.#finish('error', error, true);
  }

  /** Ends the relay if the side's peer has taken nothing for too long. */
  #cutStalled(side: RelaySide): boolean {
    const { now } = this.#plane.timers;
    const limit = side.userTimeout;
    if (limit === Infinity) return false;
    const stalled = side.stalledFor(now);
    if (stalled === undefined) return false;
    if (stalled >= limit) {
      const reason = new SluiceError(
        'E_CONN_TIMEOUT',
        `the peer took nothing for ${stalled / 10} s although bytes wait`,
      );
      this.#finish(side === this.#client ? 'client-reset' : 'upstream-reset', reason, true);
      return true;
    }
    // What is taken slowly, in the middle of a chunk, is no silence.
    if (stalled === 0) this.active = now;
    return false;
  }

  #finish(end: RelayEnd, error: SluiceError | undefined, cutOff: boolean): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#plane.timers.cancel(this);
    // The writing side first, so that no conn's read memory is in use when that conn goes.
    this.#client.close(cutOff || this.#upstream.blocked);
    this.#upstream.close(cutOff || this.#client.blocked);
    const result = { uplink: this.#client.bytes, downlink: this.#upstream.bytes, end };
    this.#options.onEnd(error === undefined ? result : { ...result, error });
  }
}
