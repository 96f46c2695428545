import type { ProblemReporter } from '@sluice/plugin-api';
import { checkDataCenters } from './data-centers/check.js';
import type { InboundSettings } from './schema.js';
import { parseSecret } from './secret.js';

/** What the schema cannot say of an inbound's settings. */
export function checkInbound(settings: InboundSettings, problems: ProblemReporter): void {
  checkUsers(settings, problems);
  checkDataCenters(settings, problems);
}

function checkUsers({ users = [] }: InboundSettings, problems: ProblemReporter): void {
  if (users.length === 0) problems.error(['users'], 'zero MTProto users configured: add one with a secret');
  const secrets = new Map<string, number>();
  const emails = new Map<string, number>();
  users.forEach(({ secret: text, email }, index) => {
    const secret = parseSecret(text);
    if (typeof secret === 'string') {
      problems.error(['users', index, 'secret'], secret);
    } else {
      const key = secret.key.toString('hex');
      const first = secrets.get(key);
      if (first === undefined) secrets.set(key, index);
      else
        problems.error(
          ['users', index, 'secret'],
          `the same secret as that of users[${first}]: its clients could not be told apart`,
        );
    }
    if (email === undefined || email === '') return;
    const first = emails.get(email);
    if (first === undefined) emails.set(email, index);
    else
      problems.warning(
        ['users', index, 'email'],
        `the same email as that of users[${first}]: they share counters and rules`,
      );
  });
}
