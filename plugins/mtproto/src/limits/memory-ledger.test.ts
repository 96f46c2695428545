import { describe, expect, it } from 'vitest';
import { MemoryLedger } from './memory-ledger.js';

describe('MemoryLedger', () => {
  it('tells its owner once that the quota is passed, and its observer of every chunk', () => {
    const ledger = new MemoryLedger({ quota: { total: 10 } });
    const told: string[] = [];
    ledger.owner = { quotaPassed: () => told.push('owner') };
    ledger.observer = { used: (passed) => told.push(`observer ${passed}`) };
    ledger.spend(4, 6);
    ledger.spend(1, 0);
    ledger.spend(0, 1);
    expect(told).toEqual(['observer false', 'observer true', 'owner', 'observer false']);
    expect(ledger).toMatchObject({ up: 5, down: 7 });
  });

  it('goes on from what was used before', () => {
    const ledger = new MemoryLedger({ quota: { down: 10 } });
    ledger.restore(100, 9);
    expect(ledger.enter('')).toBeUndefined();
    ledger.spend(0, 1);
    expect(ledger.enter('')).toBe('quota');
  });

  it('remembers sources only while they are connected', () => {
    const ledger = new MemoryLedger({ maxSourceIPs: 3 });
    for (const source of ['a', 'a', 'b']) ledger.enter(source);
    expect(ledger).toMatchObject({ connections: 3, sources: 2 });
    for (const source of ['a', 'b']) ledger.leave(source);
    expect(ledger).toMatchObject({ connections: 1, sources: 1 });
    ledger.leave('a');
    expect(ledger).toMatchObject({ connections: 0, sources: 0 });
  });
});
