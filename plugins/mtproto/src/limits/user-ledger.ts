import type { LimitSettings } from './limit-settings.js';

/** What a ledger can hold against a connection. */
export type LedgerRefusal = 'quota' | 'maxConnections' | 'maxSourceIPs';

/** Who acts on what a ledger finds. */
export interface LedgerOwner {
  /** Bytes beyond the quota were counted, here or wherever else the ledger is kept. */
  quotaPassed(): void;
}

/**
 * The counts of one user that limits are held against: connections, source networks, bytes. Where
 * several processes serve the user they share these, and nothing else of a user; calls are answered
 * at once, so a shared ledger answers from what it knows and settles with the others afterwards.
 */
export interface UserLedger {
  /** Whom to tell. */
  owner: LedgerOwner | undefined;
  /**
   * Takes a place for a connection, or takes none and says what stands against it.
   * @param source undefined where nobody counts sources
   */
  enter(source: string | undefined): LedgerRefusal | undefined;
  /** Gives a place back that was taken for this source. */
  leave(source: string | undefined): void;
  /** Notes payload bytes that arrived from the user and for the user. */
  spend(up: number, down: number): void;
}

/** Where ledgers come from. */
export interface Ledgers {
  /**
   * Before the start or behind it.
   * @param key what the user is known by over restarts and in other processes; never passed on as it is
   */
  open(key: Buffer, limits: LimitSettings): UserLedger;
  /** The user is gone: what was used is still kept over restarts. */
  release(key: Buffer): void;
  /** Goes on, from the start, with what those have counted, whose place these take; they go on counting, too. */
  succeed?(previous: Ledgers): void;
  /** @throws SluiceError E_START_FAILED */
  start(): void | Promise<void>;
  close(): void | Promise<void>;
}
