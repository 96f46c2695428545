import { describe, expect, it } from 'vitest';
import { MemoryLedger } from './memory-ledger.js';

describe('MemoryLedger', () => {
  it('tells its owner once that the quota is passed, and its observer of every chunk', () => {
    const ledger = new MemoryLedger({ quota: { total: 10 } });
    const told: string[] = [];
    ledger.owner = { quotaPassed: () => told.push('owner') };
    ledger.counts.observe({ used: (passed) => told.push(`observer ${passed}`) });
    ledger.spend(4, 6);
    ledger.spend(1, 0);
    ledger.spend(0, 1);
    expect(told).toEqual(['observer false', 'observer true', 'owner', 'observer false']);
    expect(ledger.counts).toMatchObject({ up: 5, down: 7 });
  });

  it('goes on from what was used before', () => {
    const ledger = new MemoryLedger({ quota: { down: 10 } });
    ledger.counts.restore(100, 9);
    expect(ledger.enter('')).toBeUndefined();
    ledger.spend(0, 1);
    expect(ledger.enter('')).toBe('quota');
  });

  it('remembers sources only while they are connected', () => {
    const ledger = new MemoryLedger({ maxSourceIPs: 3 });
    const counted = (): number[] => [ledger.counts.connections, ledger.counts.sources.size];
    for (const source of ['a', 'a', 'b']) ledger.enter(source);
    expect(counted()).toEqual([3, 2]);
    for (const source of ['a', 'b']) ledger.leave(source);
    expect(counted()).toEqual([1, 1]);
    ledger.leave('a');
    expect(counted()).toEqual([0, 0]);
  });
});
