import { Buffer } from 'node:buffer';
import { createHmac, randomBytes } from 'node:crypto';

/** Bytes that a user has transferred. */
export interface Usage {
  up: number;
  down: number;
}

const SALT_BYTES = 32;
const ID_BYTES = 16;
const RECORD_BYTES = ID_BYTES + 16;

/** Users who are not configured any more, or have no quota any more, and are kept in case they come back. */
const MAX_FORMER = 10_000;

/**
 * Usage by user, as it stands in a file: `salt (32) | { id (16) | up f64be | down f64be }…`, users in
 * the order of the configuration and then former ones. The id is HMAC-SHA256(salt, secret) cut to
 * 16 bytes: the file tells nobody a secret, and whoever has a secret keeps their usage, whatever
 * they are called. Usage is taken from the live objects when the table is encoded.
 */
export class UsageTable {
  readonly #salt: Buffer;
  /** What a file said of users who have not been claimed yet, by id. */
  readonly #former = new Map<string, Usage>();
  /** Users who have gone since. */
  readonly #released = new Map<string, Usage>();
  readonly #live = new Map<string, Usage>();

  private constructor(salt: Buffer) {
    this.#salt = salt;
  }

  static create(): UsageTable {
    return new UsageTable(randomBytes(SALT_BYTES));
  }

  /** @returns undefined if the bytes are not a table */
  static decode(bytes: Buffer): UsageTable | undefined {
    if (bytes.length < SALT_BYTES || (bytes.length - SALT_BYTES) % RECORD_BYTES !== 0) return undefined;
    const table = new UsageTable(Buffer.from(bytes.subarray(0, SALT_BYTES)));
    for (let at = SALT_BYTES; at < bytes.length; at += RECORD_BYTES) {
      const up = bytes.readDoubleBE(at + ID_BYTES);
      const down = bytes.readDoubleBE(at + ID_BYTES + 8);
      if (!isAmount(up) || !isAmount(down)) return undefined;
      table.#former.set(bytes.toString('hex', at, at + ID_BYTES), { up, down });
    }
    return table;
  }

  /** Keeps this object's numbers from now on. @returns what the table had for the secret before */
  claim(secret: Buffer, live: Usage): Usage | undefined {
    const id = this.#id(secret);
    const before = this.#released.get(id) ?? this.#former.get(id);
    this.#released.delete(id);
    this.#former.delete(id);
    this.#live.set(id, live);
    return before;
  }

  /** Counts the user of that secret among the former ones, with the same object: the last bytes may still come. */
  release(secret: Buffer): void {
    const id = this.#id(secret);
    const usage = this.#live.get(id);
    if (usage === undefined) return;
    this.#live.delete(id);
    this.#released.set(id, usage);
    const [first] = this.#released.keys();
    if (this.#released.size > MAX_FORMER && first !== undefined) this.#released.delete(first);
  }

  encode(): Buffer {
    const former = Math.min(this.#released.size + this.#former.size, MAX_FORMER);
    const bytes = Buffer.allocUnsafe(SALT_BYTES + (this.#live.size + former) * RECORD_BYTES);
    let at = this.#salt.copy(bytes);
    for (const users of [this.#live, this.#released, this.#former]) {
      for (const [id, { up, down }] of users) {
        if (at === bytes.length) break;
        at += bytes.write(id, at, 'hex');
        at = bytes.writeDoubleBE(down, bytes.writeDoubleBE(up, at));
      }
    }
    return bytes;
  }

  #id(secret: Buffer): string {
    return createHmac('sha256', this.#salt)
      .update(secret)
      .digest('hex')
      .slice(0, ID_BYTES * 2);
  }
}

function isAmount(n: number): boolean {
  return Number.isFinite(n) && n >= 0;
}
