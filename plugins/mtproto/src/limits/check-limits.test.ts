import { describe, expect, it } from 'vitest';
import { checkLimits } from './check-limits.js';
import { limitsOf, type LimitSettings } from './limit-settings.js';

const now = Date.UTC(2030, 0, 1);

function problemsOf(user: LimitSettings, usageFile: string | undefined = user.quota && 'usage'): string[] {
  const found: string[] = [];
  checkLimits(
    { users: [{}, user], usageFile },
    {
      error: (path, message) => found.push(`error ${path.join('.')}: ${message}`),
      warning: (path, message) => found.push(`warning ${path.join('.')}: ${message}`),
    },
    now,
  );
  return found;
}

describe('checkLimits', () => {
  it.each<[LimitSettings]>([
    [{}],
    [{ maxConnections: 10, maxSourceIPs: 3 }],
    [{ quota: { up: 10, down: 20, total: 30 } }],
    [{ quota: { up: 10, down: 20, total: 20 } }],
    [{ rate: { up: 1 }, expiresAt: '2030-01-01T00:00:01Z' }],
    [{ allow: ['10.0.0.0/8', '2001:db8::/32'], deny: ['10.1.0.0/16', '::1'] }],
    [{ deny: ['0.0.0.0/0'] }],
  ])('has nothing to say of %j', (user) => {
    expect(problemsOf(user)).toEqual([]);
  });

  it.each<[LimitSettings, RegExp]>([
    [{ expiresAt: '2030-01-01T00:00:00Z' }, /^warning users\.1\.expiresAt: has passed/],
    [{ expiresAt: '2030-02-30T00:00:00Z' }, /^error users\.1\.expiresAt: not a date and time/],
    [{ expiresAt: '2030-02-03' }, /^error users\.1\.expiresAt: not a date and time/],
    [{ quota: {} }, /^warning users\.1\.quota: limits nothing/],
    [{ rate: {} }, /^warning users\.1\.rate: limits nothing/],
    [{ quota: { up: 11, total: 10 } }, /^warning users\.1\.quota\.up: is never reached/],
    [{ quota: { down: 11, total: 10 } }, /^warning users\.1\.quota\.down: is never reached/],
    [{ quota: { up: 4, down: 5, total: 10 } }, /^warning users\.1\.quota\.total: is never reached/],
    [{ maxConnections: 3, maxSourceIPs: 3 }, /^warning users\.1\.maxSourceIPs: is never passed/],
    [{ allow: [] }, /^warning users\.1\.allow: an empty list/],
    [{ deny: [] }, /^warning users\.1\.deny: an empty list/],
    [{ allow: ['10.0.0.0/33'] }, /^error users\.1\.allow\.0: /],
    [{ deny: ['::1', 'example.com'] }, /^error users\.1\.deny\.1: /],
    [{ deny: ['10.0.0.1/8'] }, /^warning users\.1\.deny\.0: /],
    [
      { allow: ['10.1.0.0/16', '192.0.2.1'], deny: ['10.0.0.0/8'] },
      /^warning users\.1\.allow\.0: has no effect: "deny" has all/,
    ],
    [{ allow: ['10.1.0.0/16'], deny: ['::/0', '0.0.0.0/0'] }, /^warning users\.1\.deny: has every address/],
  ])('says what is wrong with %j', (user, message) => {
    const found = problemsOf(user);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  it('says that a quota without a file starts anew, and that a file without a quota stays empty', () => {
    expect(problemsOf({ quota: { up: 1 } }, '')).toEqual([]);
    const found: string[] = [];
    const problems = { error: () => {}, warning: (path: readonly unknown[]) => found.push(path.join('.')) };
    checkLimits({ users: [{}, { quota: { up: 1 } }, { quota: { up: 1 } }] }, problems, now);
    expect(found).toEqual(['users.1.quota']);
    expect(problemsOf({}, 'usage')).toEqual([expect.stringMatching(/^warning usageFile: nothing is kept/)]);
  });
});

describe('limitsOf', () => {
  it('gives nothing for a user without limits', () => {
    expect(limitsOf({})).toBeUndefined();
    expect(limitsOf({ quota: {}, rate: {}, allow: [], deny: [] })).toBeUndefined();
  });

  it('keeps limits and leaves out what is not one', () => {
    const user = { email: 'a', secret: 'b', maxConnections: 2, allow: [], quota: { up: 1 }, rate: {} };
    expect(limitsOf(user)).toEqual({ maxConnections: 2, quota: { up: 1 } });
  });
});
