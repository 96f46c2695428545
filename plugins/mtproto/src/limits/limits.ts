import type { Logger, Stats, TimerWheel } from '@sluice/plugin-api';
import { ExpiryWatch } from './expiry-watch.js';
import type { LimitSettings } from './limit-settings.js';
import { LocalLedgers } from './local-ledgers.js';
import { UsageFile, type UsageStore } from './usage-file.js';
import { StateFile } from '../state/state-file.js';
import type { Ledgers } from './user-ledger.js';
import { UserLimits, type UserLimitsServices } from './user-limits.js';

/** What limits are found by: a user of the inbound, as the one object that stands for them. */
export interface LimitedUser {
  readonly email?: string | undefined;
  readonly secret: { readonly key: Buffer };
  /** From `limitsOf`; undefined for a user who has none. */
  readonly limits?: LimitSettings | undefined;
}

export interface LimitsServices {
  /** The inbound's tag; with the index it names users without an email. */
  readonly tag: string;
  readonly stats: Stats;
  readonly logger: Logger;
  readonly timers: TimerWheel;
  /** The time in ms since 1970; default the system's. */
  readonly clock?: () => number;
  /** Where counts are kept; default this process's memory. */
  readonly ledgers?: Ledgers;
}

/** The limits of an inbound's users. Who has none is not in here and costs nothing. */
export class Limits {
  readonly #byUser = new Map<LimitedUser, UserLimits>();
  readonly #ledgers: Ledgers;
  readonly #expiry: ExpiryWatch;
  readonly #services: UserLimitsServices;
  #previous: Limits | undefined;

  /**
   * Without side effects.
   * @param usageFile where used quotas are kept over restarts
   * @throws SluiceError E_ADDRESS_INVALID for lists that were not checked
   */
  constructor(users: readonly LimitedUser[], services: LimitsServices, usageFile?: string) {
    const { tag, stats, logger, timers, clock = () => Date.now() } = services;
    const usage = usageFile === undefined ? undefined : new UsageFile(openUsage(usageFile, logger), { logger, timers });
    this.#ledgers = services.ledgers ?? new LocalLedgers(usage);
    this.#expiry = new ExpiryWatch(timers, clock);
    this.#services = { stats, logger, timers, clock, expiry: this.#expiry };
    users.forEach((user, index) => this.add(user, `${tag}.users[${index}]`));
  }

  /**
   * Before the start or behind it.
   * @param name what stands for a user without an email
   * @throws SluiceError E_ADDRESS_INVALID for lists that were not checked
   */
  add(user: LimitedUser, name = ''): void {
    const { email = '', secret, limits } = user;
    if (limits === undefined) return;
    const ledger = this.#ledgers.open(secret.key, limits);
    this.#byUser.set(user, new UserLimits(email === '' ? name : email, limits, ledger, this.#services));
  }

  /** Lets go of a user's limits. Connections that they have admitted are for others to end. */
  remove(user: LimitedUser): void {
    if (this.#byUser.delete(user)) this.#ledgers.release(user.secret.key);
  }

  /**
   * Goes on, from the start, with the counts of the limits whose place these take. Connections stay under the
   * limits that have admitted them, and are counted for both.
   */
  succeed(previous: Limits): void {
    this.#previous = previous;
    this.#ledgers.succeed?.(previous.#ledgers);
  }

  /** Reads what was used before. @throws SluiceError E_START_FAILED, E_MTPROTO_STATE_FILE if the usage file cannot be used */
  async start(): Promise<void> {
    const previous = this.#previous;
    this.#previous = undefined;
    if (previous !== undefined) this.#inherit(previous);
    await this.#ledgers.start();
  }

  /** Writes what was used. To be called when the connections are over. */
  async close(): Promise<void> {
    this.#expiry.close();
    await this.#ledgers.close();
  }

  of(user: LimitedUser): UserLimits | undefined {
    return this.#byUser.get(user);
  }

  #inherit(previous: Limits): void {
    const before = new Map([...previous.#byUser].map(([{ secret }, limits]) => [secret.key.toString('hex'), limits]));
    for (const [{ secret }, limits] of this.#byUser) {
      const known = before.get(secret.key.toString('hex'));
      if (known !== undefined) limits.inherit(known);
    }
  }
}

function openUsage(path: string, logger: Logger): UsageStore {
  return new StateFile(path, { kind: 'mtproto-usage', version: 1, logger });
}
