import { Buffer } from 'node:buffer';
import { destination, SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import type { InboundSettings, OutboundSettings } from './schema.js';

type Path = readonly (string | number)[];

/** Longer credentials could not be sent within a head. */
const MAX_CREDENTIAL_BYTES = 8192;

export function checkInbound(settings: InboundSettings, problems: ProblemReporter): void {
  const seen = new Map<string, number>();
  (settings.accounts ?? []).forEach(({ user, pass }, index) => {
    const path = ['accounts', index];
    const first = seen.get(user);
    if (first !== undefined)
      problems.warning([...path, 'user'], 'An earlier account has the same user name; only the last one counts.', {
        code: 'C_DUPLICATE_USER',
        related: [{ path: ['accounts', first, 'user'], message: 'the account that stands here before' }],
      });
    seen.set(user, index);
    checkCredentials(user, pass, path, problems);
  });
}

export function checkOutbound(settings: OutboundSettings, problems: ProblemReporter): void {
  settings.servers.forEach(({ address, users = [] }, index) => {
    checkHost(address, ['servers', index, 'address'], problems);
    users.forEach(({ user, pass }, place) =>
      checkCredentials(user, pass, ['servers', index, 'users', place], problems),
    );
  });
}

export function checkCredentials(user: string, pass: string, path: Path, problems: ProblemReporter): void {
  // RFC 7617, section 2: the first colon ends the name; control characters are not allowed.
  if (user.includes(':'))
    problems.error([...path, 'user'], 'Contains a colon, which Basic authentication cannot carry in a name.');
  if (user === '') problems.warning([...path, 'user'], 'Is empty, which many programs cannot send.');
  for (const [key, value] of [
    ['user', user],
    ['pass', pass],
  ] as const) {
    if (/[\u0000-\u001f\u007f]/.test(value))
      problems.error([...path, key], 'Contains control characters, which Basic authentication forbids.');
    if (Buffer.byteLength(value) > MAX_CREDENTIAL_BYTES)
      problems.error([...path, key], `Is longer than ${MAX_CREDENTIAL_BYTES} bytes.`);
  }
}

function checkHost(host: string, path: Path, problems: ProblemReporter): void {
  try {
    if (destination('tcp', host, 0).type !== 'unix') return;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
  }
  problems.error(path, 'Is neither an IP address nor a domain name.');
}
