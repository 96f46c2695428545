import { randomBytes, randomInt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTRY_MEMORY, ReplayTable, snapshotLength } from './replay-table.js';

function key(n: number): Buffer {
  const bytes = Buffer.alloc(33);
  bytes.writeUInt32BE(n);
  return bytes;
}

/** The same by an ordinary map of strings. */
class PlainTable {
  displaced = 0;
  readonly #since = new Map<string, number>();

  constructor(
    readonly entries: number,
    readonly seconds: number,
  ) {}

  add(bytes: Buffer, now: number): boolean {
    const name = bytes.toString('hex');
    const since = this.#since.get(name);
    if (since !== undefined && now - since < this.seconds) return false;
    this.#since.delete(name);
    // Those whose time is up make room without being missed.
    for (const [other, time] of this.#since) if (now - time >= this.seconds) this.#since.delete(other);
    if (this.#since.size === this.entries) {
      this.#since.delete(this.#since.keys().next().value!);
      this.displaced += 1;
    }
    this.#since.set(name, now);
    return true;
  }
}

const action = fc.record({ n: fc.nat(60), pass: fc.oneof(fc.constant(0), fc.nat(12)) });
const actions = fc.array(action, { maxLength: 400 });

describe('ReplayTable', () => {
  it('answers as a map does, whatever is added when', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 100 }),
        actions,
        (entries, seconds, steps) => {
          const table = new ReplayTable(entries, seconds);
          const plain = new PlainTable(entries, seconds);
          let now = 1_700_000_000;
          steps.forEach(({ n, pass }, i) => {
            now += pass;
            expect(table.add(key(n), now), `step ${i}`).toBe(plain.add(key(n), now));
            expect(table.size).toBeLessThanOrEqual(entries);
          });
          expect(table.displaced).toBe(plain.displaced);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('answers as a map does where entries are few and always crowded together', () => {
    for (let entries = 1; entries <= 12; entries += 1) {
      // Every table hashes under another key: other entries meet.
      for (let round = 0; round < 40; round += 1) {
        const table = new ReplayTable(entries, 1000);
        const plain = new PlainTable(entries, 1000);
        for (let step = 0; step < 300; step += 1) {
          const n = randomInt(entries * 2);
          expect(table.add(key(n), 1000), `${entries} entries, round ${round}, step ${step}`).toBe(
            plain.add(key(n), 1000),
          );
        }
      }
    }
  });

  it('goes on as if nothing had happened after a snapshot and a restart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), actions, actions, (entries, before, after) => {
        const table = new ReplayTable(entries, 100);
        let now = 1_700_000_000;
        for (const { n, pass } of before) table.add(key(n), (now += pass));
        const restarted = new ReplayTable(entries, 100);
        const snapshot = table.snapshot();
        expect(snapshot).toHaveLength(snapshotLength(table.size));
        expect(restarted.restore(snapshot, now)).toBe(true);
        for (const { n, pass } of after) {
          now += pass;
          expect(restarted.add(key(n), now)).toBe(table.add(key(n), now));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never takes one key for another, however many', () => {
    const table = new ReplayTable(100_000, 100);
    const taken = (from: number): number => {
      let count = 0;
      for (let n = from; n < 300_000; n += 1) if (table.add(key(n), 1000)) count += 1;
      return count;
    };
    expect(taken(0)).toBe(300_000);
    expect(table.displaced).toBe(200_000);
    expect(taken(200_000)).toBe(0);
    expect(table.add(key(199_999), 1000)).toBe(true);
  });

  it('forgets the oldest first when it is full, and says how old that was', () => {
    const table = new ReplayTable(3, 100);
    for (const [n, time] of [
      [1, 1000],
      [2, 1010],
      [3, 1020],
    ] as const)
      table.add(key(n), time);
    expect([table.displaced, table.add(key(4), 1050), table.displaced, table.displacedAge]).toEqual([0, true, 1, 50]);
    expect([2, 3, 4].map((n) => table.add(key(n), 1051))).toEqual([false, false, false]);
    expect(table.add(key(1), 1051)).toBe(true);
  });

  it('does not count those as displaced whose time was up', () => {
    const table = new ReplayTable(2, 100);
    for (const [n, time] of [
      [1, 1000],
      [2, 1000],
      [3, 1100],
      [4, 1200],
    ] as const)
      table.add(key(n), time);
    expect(table.displaced).toBe(0);
  });

  it('remembers for exactly so long', () => {
    const table = new ReplayTable(10, 100);
    expect([1000, 1099, 1100, 1199, 1200].map((now) => table.add(key(1), now))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('forgets the old as new ones come, so that none are left', () => {
    const table = new ReplayTable(1000, 100);
    for (let n = 0; n < 500; n += 1) table.add(key(n), 1000);
    for (let n = 500; n < 750; n += 1) table.add(key(n), 1100);
    expect(table.size).toBe(250);
  });

  it('is not confused by a clock that goes back', () => {
    const table = new ReplayTable(10, 100);
    table.add(key(1), 2000);
    expect([table.add(key(1), 1000), table.add(key(2), 1000), table.add(key(2), 1001)]).toEqual([false, true, false]);
    expect(table.add(key(1), 2099)).toBe(false);
  });

  it('finds the new entry of a key whose old one is still in the ring', () => {
    const table = new ReplayTable(4, 100);
    // The clock goes back, so that those in front outlive those behind them.
    for (const [n, time] of [
      [1, 2000],
      [2, 2000],
      [3, 1000],
      [4, 1001],
    ] as const)
      table.add(key(n), time);
    expect([table.add(key(3), 1100), table.add(key(3), 1101), table.add(key(3), 1199)]).toEqual([true, false, false]);
    expect(table.displaced).toBe(1);
  });

  it('hashes under a key of its own', () => {
    const [one, other] = [new ReplayTable(10, 100), new ReplayTable(10, 100)];
    for (const table of [one, other]) table.add(key(1), 1000);
    expect(one.snapshot().equals(other.snapshot())).toBe(false);
  });

  it('holds no trace of the keys in its snapshot', () => {
    const table = new ReplayTable(10, 100);
    const secret = randomBytes(32);
    table.add(secret, 1000);
    const snapshot = table.snapshot();
    for (let at = 0; at + 4 <= secret.length; at += 1) {
      expect(snapshot.includes(secret.subarray(at, at + 4))).toBe(false);
    }
  });

  it('takes at most 32 bytes for an entry', () => {
    const before = process.memoryUsage().arrayBuffers;
    const table = new ReplayTable(1_000_000, 100);
    const taken = process.memoryUsage().arrayBuffers - before;
    // Within a thousandth: the test's own memory comes and goes.
    expect(taken / 1_000_000).toBeCloseTo(ENTRY_MEMORY, 1);
    expect(ENTRY_MEMORY).toBeLessThanOrEqual(32);
    expect(table.size).toBe(0);
  });
});

describe('ReplayTable: what a snapshot gives back', () => {
  function filled(count: number, from = 1000): ReplayTable {
    const table = new ReplayTable(100, 100);
    for (let n = 0; n < count; n += 1) table.add(key(n), from + n);
    return table;
  }

  it('leaves out what is too old by now', () => {
    const table = new ReplayTable(100, 100);
    expect(table.restore(filled(10).snapshot(), 1105)).toBe(true);
    expect(table.size).toBe(4);
    expect([5, 6].map((n) => table.add(key(n), 1105))).toEqual([true, false]);
  });

  it('keeps the newest where there is less room, and all where there is more', () => {
    const small = new ReplayTable(3, 100);
    expect(small.restore(filled(10).snapshot(), 1010)).toBe(true);
    expect([small.size, small.displaced]).toEqual([3, 0]);
    expect([9, 8, 7, 6].map((n) => small.add(key(n), 1010))).toEqual([false, false, false, true]);
    const large = new ReplayTable(500, 100);
    large.restore(filled(100).snapshot(), 1100);
    expect(large.size).toBe(99);
  });

  it('does not let a clock that was ahead keep entries for ever', () => {
    const table = new ReplayTable(100, 100);
    table.restore(filled(1, 9_000_000).snapshot(), 1000);
    expect([table.add(key(0), 1099), table.add(key(0), 1100)]).toEqual([false, true]);
  });

  it('refuses what is no snapshot, and stays usable', () => {
    const snapshot = filled(3).snapshot();
    const swapped = Buffer.from(snapshot);
    swapped.subarray(16).swap32();
    const miscounted = Buffer.concat([snapshot, Buffer.alloc(20)]);
    for (const bytes of [Buffer.alloc(0), snapshot.subarray(0, -1), swapped, miscounted, Buffer.alloc(24)]) {
      const table = new ReplayTable(100, 100);
      expect(table.restore(bytes, 1000)).toBe(false);
      expect([table.add(key(1), 1000), table.add(key(1), 1000)]).toEqual([true, false]);
    }
  });

  it('reads a snapshot wherever it lies in memory', () => {
    const snapshot = filled(3).snapshot();
    for (let shift = 0; shift < 4; shift += 1) {
      const moved = Buffer.alloc(snapshot.length + shift).subarray(shift);
      moved.set(snapshot);
      const table = new ReplayTable(100, 100);
      expect(table.restore(moved, 1010)).toBe(true);
      expect(table.size).toBe(3);
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        new ReplayTable(10, 100).restore(Buffer.from(bytes), 1000);
      }),
    );
  });
});
