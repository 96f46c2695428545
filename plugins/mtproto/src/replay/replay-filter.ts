import type { Buffer } from 'node:buffer';

/**
 * Remembers which handshakes have been accepted, so that a recorded one is not accepted again. Only
 * what a client with a right secret has sent is to be added: strangers must not be able to fill it.
 * What remembers may be this process, or something that several share.
 */
export interface ReplayFilter {
  /** Remembers the key, and says whether it is new: false for a replay. @param key see `replay-key.ts` */
  add(key: Buffer): boolean | Promise<boolean>;
  /** To be awaited before the first `add`. @throws SluiceError */
  start(): Promise<void>;
  /** Safe after a start that failed, and twice. */
  close(): Promise<void>;
}
