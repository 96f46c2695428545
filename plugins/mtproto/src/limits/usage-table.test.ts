import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageTable } from './usage-table.js';

const alice = randomBytes(16);
const bob = randomBytes(16);

function reread(table: UsageTable): UsageTable {
  const again = UsageTable.decode(table.encode());
  if (again === undefined) throw new Error('the table cannot read itself');
  return again;
}

describe('UsageTable', () => {
  it('gives users back what they had, by their secret', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()), { maxLength: 20 }), (amounts) => {
        const table = UsageTable.create();
        const users = amounts.map(([up, down]) => ({ secret: randomBytes(16), up, down }));
        for (const one of users) expect(table.claim(one.secret, one)).toBeUndefined();
        const again = reread(table);
        for (const { secret, up, down } of [...users].reverse()) {
          expect(again.claim(secret, { up: 0, down: 0 })).toEqual({ up, down });
        }
      }),
    );
  });

  it('takes the numbers as they are when it is encoded', () => {
    const table = UsageTable.create();
    const live = { up: 1, down: 2 };
    table.claim(alice, live);
    live.up = 10;
    expect(reread(table).claim(alice, { up: 0, down: 0 })).toEqual({ up: 10, down: 2 });
  });

  it('keeps what belongs to users who are not configured at present', () => {
    let table = UsageTable.create();
    table.claim(alice, { up: 1, down: 2 });
    table.claim(bob, { up: 3, down: 4 });
    for (let run = 0; run < 3; run += 1) {
      table = reread(table);
      expect(table.claim(bob, { up: 4 + run, down: 4 })).toEqual({ up: 3 + run, down: 4 });
    }
    expect(reread(table).claim(alice, { up: 0, down: 0 })).toEqual({ up: 1, down: 2 });
  });

  it('forgets those who are gone the longest when there are too many', () => {
    const secret = (run: number, i: number): Buffer => Buffer.from(`${run}-${i}`);
    let table = UsageTable.create();
    const use = (run: number, count: number): void => {
      for (let i = 0; i < count; i += 1) table.claim(secret(run, i), { up: run, down: i });
    };
    use(1, 10);
    table = reread(table);
    use(2, 9_995);
    table = reread(table);
    use(3, 1);
    table = reread(reread(table));
    expect(table.claim(secret(3, 0), { up: 0, down: 0 })).toEqual({ up: 3, down: 0 });
    expect(table.claim(secret(2, 9_994), { up: 0, down: 0 })).toEqual({ up: 2, down: 9_994 });
    // 3-0 took one of the 10,000 places when it had left, too.
    expect(table.claim(secret(1, 3), { up: 0, down: 0 })).toEqual({ up: 1, down: 3 });
    expect(table.claim(secret(1, 4), { up: 0, down: 0 })).toBeUndefined();
  });

  it('keeps what users have who go, to the last byte, before those who went in earlier runs', () => {
    const secret = (i: number): Buffer => Buffer.from(`earlier-${i}`);
    let table = UsageTable.create();
    for (let i = 0; i < 10_000; i += 1) table.claim(secret(i), { up: 1, down: i });
    table = reread(table);
    const live = { up: 1, down: 2 };
    table.claim(alice, live);
    table.release(alice);
    table.release(bob);
    live.down = 3;
    const again = reread(table);
    expect(again.claim(alice, { up: 0, down: 0 })).toEqual({ up: 1, down: 3 });
    expect(again.claim(secret(9_998), { up: 0, down: 0 })).toEqual({ up: 1, down: 9_998 });
    expect(again.claim(secret(9_999), { up: 0, down: 0 })).toBeUndefined();
    // Back in the same run.
    expect(table.claim(alice, { up: 0, down: 0 })).toBe(live);
    expect(table.claim(alice, { up: 0, down: 0 })).toBeUndefined();
  });

  it('holds no secret, and no hash that another file would have, too', () => {
    const tables = [UsageTable.create(), UsageTable.create()].map((table) => {
      table.claim(alice, { up: 0, down: 0 });
      return table.encode();
    });
    for (const bytes of tables) expect(bytes.includes(alice)).toBe(false);
    expect(tables[0]?.subarray(32, 48)).not.toEqual(tables[1]?.subarray(32, 48));
  });

  it('is no table with half a record, a negative amount or what is not a number', () => {
    const table = UsageTable.create();
    table.claim(alice, { up: 1, down: 2 });
    const bytes = table.encode();
    for (let length = 0; length < bytes.length; length += 1) {
      if (length !== 32) expect(UsageTable.decode(bytes.subarray(0, length))).toBeUndefined();
    }
    for (const at of [48, 56]) {
      for (const wrong of [-1, NaN, Infinity]) {
        const broken = Buffer.from(bytes);
        broken.writeDoubleBE(wrong, at);
        expect(UsageTable.decode(broken)).toBeUndefined();
      }
    }
  });
});
