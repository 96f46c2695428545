import { describe, expect, it } from 'vitest';
import { checkInbound, checkOutbound } from './check.js';

function problemsOf(check: (reporter: { error: Report; warning: Report }) => void): string[] {
  const found: string[] = [];
  const note =
    (kind: string): Report =>
    (path) =>
      void found.push(`${kind} ${path.join('.')}`);
  check({ error: note('error'), warning: note('warning') });
  return found;
}

type Report = (path: readonly (string | number)[], message: string) => void;

describe('the settings', () => {
  it('of an inbound are checked for what Basic authentication cannot carry', () => {
    const accounts = [
      { user: 'ann', pass: 'a:b' },
      { user: 'ann', pass: 'c' },
      { user: 'a:b', pass: 'c' },
      { user: 'bob', pass: 'c\n' },
      { user: '', pass: 'x'.repeat(9000) },
    ];
    expect(problemsOf((reporter) => checkInbound({ accounts }, reporter))).toEqual([
      'warning accounts.1.user',
      'error accounts.2.user',
      'error accounts.3.pass',
      'warning accounts.4.user',
      'error accounts.4.pass',
    ]);
    expect(problemsOf((reporter) => checkInbound({}, reporter))).toEqual([]);
  });

  it('of an outbound are checked for addresses', () => {
    const servers = ['127.0.0.1', '::1', 'a.b', '/run/x', 'a b'].map((address) => ({
      address,
      port: 1,
      users: [{ user: 'a:b', pass: '' }],
    }));
    expect(problemsOf((reporter) => checkOutbound({ servers: servers.slice(2) }, reporter))).toEqual([
      'error servers.0.users.0.user',
      'error servers.1.address',
      'error servers.1.users.0.user',
      'error servers.2.address',
      'error servers.2.users.0.user',
    ]);
    expect(problemsOf((reporter) => checkOutbound({ servers: servers.slice(0, 2) }, reporter))).toEqual([
      'error servers.0.users.0.user',
      'error servers.1.users.0.user',
    ]);
  });
});
