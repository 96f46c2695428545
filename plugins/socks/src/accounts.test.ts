import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { Accounts } from './accounts.js';

const of = (user: string, pass: string): { user: Buffer; pass: Buffer } => ({
  user: Buffer.from(user),
  pass: Buffer.from(pass),
});

describe('Accounts', () => {
  it('find the user whom both name and password prove', () => {
    const accounts = new Accounts(
      [
        { user: 'ann', pass: 'a' },
        { user: 'bob', pass: 'pässword' },
      ],
      4,
    );
    expect(accounts.find(of('ann', 'a'))).toEqual({ email: 'ann', level: 4 });
    expect(accounts.find(of('bob', 'pässword'))).toEqual({ email: 'bob', level: 4 });
    for (const [user, pass] of [
      ['ann', 'pässword'],
      ['an', 'na'],
      ['anna', ''],
      ['', 'anna'],
      ['ann', 'A'],
      ['ann', 'a\0'],
    ] as const) {
      expect(accounts.find(of(user, pass))).toBeUndefined();
    }
  });

  it('know only the last of two passwords of one user', () => {
    const accounts = new Accounts(
      [
        { user: 'ann', pass: 'old' },
        { user: 'ann', pass: 'new' },
      ],
      0,
    );
    expect(accounts.find(of('ann', 'old'))).toBeUndefined();
    expect(accounts.find(of('ann', 'new'))).toBeDefined();
  });
});
