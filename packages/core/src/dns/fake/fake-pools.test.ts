import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakePools, type FakePool } from './fake-pools.js';

const small: FakePool = { ipPool: '198.51.100.0/29', poolSize: 4 };
const six: FakePool = { ipPool: '2001:db8::/126', poolSize: 10 };

function pools(...list: FakePool[]): FakePools {
  const made = new FakePools();
  made.load(list);
  return made;
}

/** What the addresses stand for now, asked without using them. */
function snapshot(fakes: FakePools, addresses: readonly string[]): (string | undefined)[] {
  return addresses.map((address) => fakes.nameOf(address));
}

describe('made-up addresses', () => {
  it('stand for the name they were given for, however it is written', () => {
    const fakes = pools({ ipPool: '198.18.0.0/15', poolSize: 65535 }, { ipPool: 'fc00::/18', poolSize: 65535 });
    const four = fakes.addressOf('A.example.', 4)!;
    const six = fakes.addressOf('a.example', 6)!;
    expect([isIP(four), isIP(six)]).toEqual([4, 6]);
    expect(fakes.addressOf('a.Example', 4)).toBe(four);
    expect([fakes.nameOf(four), fakes.nameOf(six), fakes.nameOf(six.toUpperCase())]).toEqual(
      Array(3).fill('a.example'),
    );
    expect([fakes.covers(four), fakes.covers(six), fakes.covers('198.20.0.1'), fakes.covers('::1')]).toEqual([
      ...[true, true],
      ...[false, false],
    ]);
  });

  it('are none where there is no block, and of no other family', () => {
    expect(new FakePools().addressOf('a.example', 4)).toBeUndefined();
    expect(new FakePools().covers('198.18.0.1')).toBe(false);
    expect(pools(small).addressOf('a.example', 6)).toBeUndefined();
    expect(pools(small).nameOf('not an address')).toBeUndefined();
    expect(pools(small).covers('a.example')).toBe(false);
  });

  it('never are the first or the last of their block, nor outside it', () => {
    for (const [pool, count, allowed] of [
      [{ ipPool: '198.51.100.9/29', poolSize: 100 }, 6, /^198\.51\.100\.(9|1[0-4])$/],
      [six, 2, /^2001:db8::[12]$/],
    ] as const) {
      const fakes = pools(pool);
      const family = pool === six ? 6 : 4;
      const given = Array.from({ length: 50 }, (_, i) => fakes.addressOf(`n${i}.example`, family)!);
      expect(new Set(given).size).toBe(count);
      for (const address of given) expect(address).toMatch(allowed);
    }
    expect(pools(small).covers('198.51.100.0')).toBe(false);
    expect(pools(small).covers('198.51.100.7')).toBe(false);
    expect(pools(small).covers('198.51.100.6')).toBe(true);
  });

  it('begin elsewhere after each start', () => {
    const first = (): string => pools({ ipPool: '10.0.0.0/8', poolSize: 10 }).addressOf('a.example', 4)!;
    expect(new Set(Array.from({ length: 5 }, first)).size).toBeGreaterThan(1);
  });

  it('rest before they stand for another name, where the block allows', () => {
    const fakes = pools({ ipPool: '198.51.100.0/24', poolSize: 10 });
    const names = Array.from({ length: 20 }, (_, i) => `n${i}.example`);
    const given = names.map((name) => fakes.addressOf(name, 4)!);
    expect(new Set(given).size).toBe(20);
    expect(fakes.addressOf('one-more.example', 4)).toBe(given[0]);
  });

  it('come from the next block when one has no more', () => {
    const fakes = pools({ ipPool: '198.51.100.0/30', poolSize: 2 }, { ipPool: '203.0.113.0/30', poolSize: 1 });
    const given = ['a', 'b', 'c', 'd'].map((name) => fakes.addressOf(name, 4)!);
    expect(given.slice(0, 2).every((address) => address.startsWith('198.51.100.'))).toBe(true);
    expect(given[2]).toMatch(/^203\.0\.113\./);
    expect(given[3]).toBe(given[0]);
    expect(snapshot(fakes, given)).toEqual(['d', 'b', 'c', 'd']);
  });

  // A model that is slow and plain: names in the order of their last use.
  it('are one for each name in use, and go from the one unused for longest', () => {
    const step = fc.oneof(
      fc.record({ ask: fc.constant('address' as const), n: fc.nat(11) }),
      fc.record({ ask: fc.constant('name' as const), n: fc.nat(11) }),
      fc.record({ ask: fc.constant('reload' as const), n: fc.constant(0) }),
    );
    const block = fc.record({
      ipPool: fc.constantFrom('198.51.100.0/29', '198.51.100.0/24', '198.51.100.0/30'),
      poolSize: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(block, fc.array(step, { maxLength: 200 }), (pool, steps) => {
        const fakes = pools(pool);
        const room = Math.min(pool.poolSize, { '29': 6, '24': 254, '30': 2 }[pool.ipPool.slice(-2)]!);
        const used: string[] = [];
        const addresses = new Map<string, string>();
        const use = (name: string): void => {
          if (used.includes(name)) used.splice(used.indexOf(name), 1);
          used.push(name);
          if (used.length > room) addresses.delete(used.shift()!);
        };
        for (const { ask, n } of steps) {
          const name = `n${n}.example`;
          if (ask === 'reload') fakes.load([pool]);
          else if (ask === 'address') {
            const address = fakes.addressOf(name, 4)!;
            const isKnown = used.includes(name);
            use(name);
            if (isKnown) expect(address).toBe(addresses.get(name));
            else expect([...addresses.values()]).not.toContain(address);
            addresses.set(name, address);
          } else if (addresses.has(name)) {
            expect(fakes.nameOf(addresses.get(name)!)).toBe(name);
            use(name);
          }
        }
        for (const [name, address] of addresses) expect(fakes.nameOf(address)).toBe(name);
        expect(addresses.size).toBeLessThanOrEqual(room);
      }),
    );
  });
});

describe('on a reload', () => {
  it('what was given out stands if the blocks are the same, whichever of the two comes first', () => {
    const fakes = new FakePools();
    const letGo = fakes.load([small]);
    const address = fakes.addressOf('a.example', 4)!;
    letGo();
    expect(fakes.addressOf('b.example', 4)).toBeUndefined();
    expect(fakes.nameOf(address)).toBe('a.example');
    const again = fakes.load([{ ...small }]);
    letGo();
    expect(fakes.addressOf('a.example', 4)).toBe(address);
    again();
    expect(fakes.addressOf('a.example', 4)).toBeUndefined();
  });

  it('other blocks begin anew', () => {
    const fakes = pools(small);
    const address = fakes.addressOf('a.example', 4)!;
    fakes.load([{ ...small, poolSize: 5 }]);
    expect(fakes.nameOf(address)).toBeUndefined();
    fakes.load([six]);
    expect(fakes.covers(address)).toBe(false);
    expect(fakes.addressOf('a.example', 4)).toBeUndefined();
  });

  it('addresses are understood for a while after the last block is gone, and then no more', () => {
    let now = 0;
    const fakes = new FakePools(() => now);
    const letGo = fakes.load([small]);
    const address = fakes.addressOf('a.example', 4)!;
    now = 1_000_000;
    letGo();
    now += 60_000;
    expect(fakes.nameOf(address)).toBe('a.example');
    expect(fakes.covers(address)).toBe(true);
    now += 1;
    expect(fakes.nameOf(address)).toBeUndefined();
    expect(fakes.covers(address)).toBe(false);
    fakes.load([small]);
    expect(fakes.nameOf(address)).toBeUndefined();
  });

  it('a block that is none changes nothing', () => {
    const fakes = pools(small);
    const address = fakes.addressOf('a.example', 4)!;
    expect(() => fakes.load([{ ipPool: 'x', poolSize: 1 }])).toThrow(
      expect.objectContaining({ code: 'E_ADDRESS_INVALID' }) as Error,
    );
    expect(fakes.nameOf(address)).toBe('a.example');
  });
});

it('what is forgotten when asked leads nowhere', () => {
  const fakes = pools(small);
  const address = fakes.addressOf('a.example', 4)!;
  fakes.flush();
  expect(fakes.nameOf(address)).toBeUndefined();
  expect(fakes.covers(address)).toBe(true);
});
