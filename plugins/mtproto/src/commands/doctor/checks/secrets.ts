import { userName } from '../../mtproto-inbounds.js';
import type { Examination } from '../examination.js';
import type { Finding } from '../finding.js';

const subject = 'secrets';

/** Whether a secret is used in two inbounds. Within one, the configuration would be refused. */
export function secretFindings({ inbounds }: Examination): readonly Finding[] {
  const firsts = new Map<string, string>();
  const findings: Finding[] = [];
  let count = 0;
  for (const { tag, users } of inbounds) {
    users.forEach((user, index) => {
      const key = user.secret.key.toString('hex');
      const about = `${userName(user, index)} of ${tag}`;
      const first = firsts.get(key);
      count += 1;
      if (first === undefined) {
        firsts.set(key, about);
        return;
      }
      findings.push({
        subject,
        about,
        status: 'warning',
        seen: `has the secret of ${first}`,
        advice: 'the limits of the two count apart, and who is given one can use the other: make one for each',
      });
    });
  }
  if (findings.length > 0) return findings;
  return [{ subject, status: 'ok', seen: count === 1 ? 'one user has one' : `${count} users have one each` }];
}
