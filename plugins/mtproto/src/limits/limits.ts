import type { Logger, Stats, TimerWheel } from '@sluice/plugin-api';
import { ExpiryWatch } from './expiry-watch.js';
import type { LimitSettings } from './limit-settings.js';
import { LocalLedgers } from './local-ledgers.js';
import { UsageFile, type UsageStore } from './usage-file.js';
import { StateFile } from '../state/state-file.js';
import type { Ledgers } from './user-ledger.js';
import { UserLimits } from './user-limits.js';

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
    const shared = { stats, logger, timers, clock, expiry: this.#expiry };
    users.forEach((user, index) => {
      if (user.limits === undefined) return;
      const name = user.email === undefined || user.email === '' ? `${tag}.users[${index}]` : user.email;
      const ledger = this.#ledgers.open(user.secret.key, user.limits);
      this.#byUser.set(user, new UserLimits(name, user.limits, ledger, shared));
    });
  }

  /** Reads what was used before. @throws SluiceError E_START_FAILED, E_MTPROTO_STATE_FILE if the usage file cannot be used */
  async start(): Promise<void> {
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
}

function openUsage(path: string, logger: Logger): UsageStore {
  return new StateFile(path, { kind: 'mtproto-usage', version: 1, logger });
}
