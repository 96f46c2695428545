import { Buffer } from 'node:buffer';
import { destination, SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import type { InboundSettings, OutboundSettings } from './schema.js';

/** RFC 1929 gives the length of a name and of a password one byte. */
const MAX_BYTES = 255;

export function checkInbound(settings: InboundSettings, problems: ProblemReporter): void {
  const accounts = settings.accounts ?? [];
  if (settings.auth === 'password' && accounts.length === 0) {
    problems.error(['auth'], 'With "password" nobody can connect unless `accounts` names at least one user.');
  }
  if (settings.auth !== 'password' && accounts.length > 0) {
    problems.warning(
      ['accounts'],
      'Nobody is asked for these passwords: the inbound is open to all who reach it unless `auth` is "password".',
    );
  }
  const seen = new Map<string, number>();
  accounts.forEach(({ user, pass }, index) => {
    const first = seen.get(user);
    if (first !== undefined)
      problems.warning(
        ['accounts', index, 'user'],
        'An earlier account has the same user name; only the last one counts.',
        {
          code: 'C_DUPLICATE_USER',
          related: [{ path: ['accounts', first, 'user'], message: 'the account that stands here before' }],
        },
      );
    seen.set(user, index);
    checkCredentials(user, pass, ['accounts', index], problems);
  });
  if (settings.ip !== undefined) {
    checkHost(settings.ip, ['ip'], problems);
    if (settings.udp !== true)
      problems.warning(['ip'], 'Has no effect without `udp`: it is the address for UDP packets.');
  }
  if (settings.timeout !== undefined && settings.timeout > 0) {
    problems.warning(['timeout'], 'Has no effect: set `connIdle` of the policy level that `userLevel` names.');
  }
}

export function checkOutbound(settings: OutboundSettings, problems: ProblemReporter): void {
  settings.servers.forEach(({ address, users = [] }, index) => {
    checkHost(address, ['servers', index, 'address'], problems);
    users.forEach(({ user, pass }, place) => {
      const path = ['servers', index, 'users', place];
      const first = users.findIndex((other) => other.user === user);
      if (first < place) {
        problems.warning([...path, 'user'], 'An earlier user of this server has the same name.', {
          code: 'C_DUPLICATE_USER',
          related: [{ path: ['servers', index, 'users', first, 'user'], message: 'the user that stands here first' }],
        });
      }
      checkCredentials(user, pass, path, problems);
    });
  });
}

export function checkCredentials(
  user: string,
  pass: string,
  path: readonly (string | number)[],
  problems: ProblemReporter,
): void {
  for (const [key, value] of [
    ['user', user],
    ['pass', pass],
  ] as const) {
    const { length } = Buffer.from(value);
    if (length > MAX_BYTES)
      problems.error([...path, key], `Is ${length} bytes long in UTF-8; SOCKS allows ${MAX_BYTES}.`);
    else if (length === 0)
      problems.warning([...path, key], 'Is empty, which many SOCKS programs cannot send or do not accept.');
  }
}

function checkHost(host: string, path: readonly (string | number)[], problems: ProblemReporter): void {
  try {
    if (destination('tcp', host, 0).type !== 'unix') return;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
  }
  problems.error(path, 'Is neither an IP address nor a domain name.');
}
