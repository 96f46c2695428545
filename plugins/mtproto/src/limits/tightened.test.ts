import { describe, expect, it } from 'vitest';
import type { LimitSettings } from './limit-settings.js';
import { isTightened } from './tightened.js';

const cases: readonly [tight: LimitSettings, loose: LimitSettings][] = [
  [{ maxConnections: 1 }, { maxConnections: 2 }],
  [{ maxConnections: 1 }, {}],
  [{ maxSourceIPs: 1 }, { maxSourceIPs: 5 }],
  [{ quota: { up: 1 } }, { quota: { up: 2 } }],
  [{ quota: { down: 1 } }, { quota: {} }],
  [{ quota: { total: 1 } }, {}],
  [{ quota: { total: 1, up: 1 } }, { quota: { total: 1 } }],
  [{ rate: { up: 2000 } }, { rate: { up: 3000 } }],
  [{ rate: { down: 2000 } }, {}],
  [{ expiresAt: '2030-01-01T00:00:00Z' }, { expiresAt: '2030-01-01T00:00:00-01:00' }],
  [{ expiresAt: '2030-01-01T00:00:00Z' }, {}],
  [{ expiresAt: 'whenever' }, { expiresAt: '2030-01-01T00:00:00Z' }],
  [{ allow: ['192.0.2.1'] }, { allow: ['192.0.2.2', '192.0.2.1'] }],
  [{ allow: ['192.0.2.1'] }, {}],
  [{ deny: ['192.0.2.1', '192.0.2.2'] }, { deny: ['192.0.2.2'] }],
  [{ deny: ['192.0.2.1'] }, {}],
];

describe('limits', () => {
  it.each(cases)('%j are tighter than %j, and not the other way round', (tight, loose) => {
    expect([isTightened(loose, tight), isTightened(tight, loose)]).toEqual([true, false]);
    expect([isTightened(tight, tight), isTightened(loose, loose)]).toEqual([false, false]);
  });

  it('are tightened in one place although they are loosened in another', () => {
    expect(isTightened({ maxConnections: 1, quota: { up: 5 } }, { maxConnections: 9, quota: { up: 4 } })).toBe(true);
    expect(isTightened({ allow: ['192.0.2.1'] }, { allow: ['192.0.2.2'] })).toBe(true);
  });

  it('are the same where only their writing differs', () => {
    expect(isTightened({ expiresAt: '2030-01-01T00:00:00Z' }, { expiresAt: '2030-01-01T01:00:00+01:00' })).toBe(false);
    expect(isTightened({ allow: ['a', 'b'], deny: ['c', 'd'] }, { allow: ['b', 'a'], deny: ['d', 'c'] })).toBe(false);
    expect(isTightened(undefined, undefined)).toBe(false);
  });
});
