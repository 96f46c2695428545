import type { Buffer } from 'node:buffer';
import type { ReplayFile } from './replay-file.js';
import { ReplayTable } from './replay-table.js';

/** A table, and what is known of it. */
export interface HeldTable {
  readonly table: ReplayTable;
  readonly entries: number;
  readonly seconds: number;
  /** How many filters use it. */
  holders: number;
  /** How many of its displaced entries have been counted. */
  countedDisplaced: number;
  /** When the log was told of them, in Unix seconds. */
  warnedAt: number;
}

/**
 * What an inbound and those that succeed it remember together: a handshake that one of them has seen
 * is a replay for all. There is one table, or for a time two where a new inbound remembers more or
 * less than the one whose connections are still open.
 */
export class ReplayMemory {
  /** By path, those that are open. */
  readonly files = new Map<string, ReplayFile>();
  readonly #held: HeldTable[] = [];

  /** A table of that size, which knows what the others know; to be given back. @param now in Unix seconds */
  take(entries: number, seconds: number, now: number): HeldTable {
    const at = this.#held.findIndex((held) => held.entries === entries && held.seconds === seconds);
    const [known] = at < 0 ? [] : this.#held.splice(at, 1);
    const held = known ?? this.#make(entries, seconds, now);
    held.holders += 1;
    this.#held.push(held);
    return held;
  }

  /** The last one stays: connections that are on their way may still add. */
  giveBack(held: HeldTable): void {
    held.holders -= 1;
    if (held.holders === 0 && this.#held.length > 1) this.#held.splice(this.#held.indexOf(held), 1);
  }

  /** Whether the key is new to all. @param now in Unix seconds */
  add(key: Buffer, now: number): boolean {
    let isNew = true;
    for (const { table } of this.#held) if (!table.add(key, now)) isNew = false;
    if (isNew) for (const file of this.files.values()) file.changed();
    return isNew;
  }

  /** The entries of the table that was taken last. */
  snapshot(): Uint8Array {
    return this.#held.at(-1)?.table.snapshot() ?? new Uint8Array();
  }

  #make(entries: number, seconds: number, now: number): HeldTable {
    const table = new ReplayTable(entries, seconds);
    const before = this.#held.at(-1);
    if (before !== undefined) table.restore(before.table.snapshot(), now);
    return { table, entries, seconds, holders: 0, countedDisplaced: table.displaced, warnedAt: -Infinity };
  }
}
