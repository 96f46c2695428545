import { Buffer } from 'node:buffer';
import type { Accepted } from './accepted.js';
import { isTightened } from './limits/tightened.js';
import { formatSecret, type Secret } from './secret.js';
import { secretForms } from './share-link.js';
import type { MtprotoUser, Users } from './users.js';

/** What becomes of users when another inbound succeeds theirs. */
export interface RevokedUsers {
  /** Those whom the new inbound does not know, not by that name, or not in every form in which they may come now. */
  readonly gone: readonly MtprotoUser[];
  /** The e-mails of those, and of users whose limits are tighter now: what they have open must end. */
  readonly emails: readonly string[];
}

/** An inbound's users, and what it lets them do. */
export interface Admission {
  readonly users: Users;
  readonly accepted: Accepted;
}

export function revokedUsers(before: Admission, after: Admission): RevokedUsers {
  const gone: MtprotoUser[] = [];
  const emails = new Set<string>();
  const comparison = new FormComparison(before.accepted, after.accepted);
  for (const user of before.users) {
    const { email = '', secret } = user;
    const next = after.users.ofKey(secret.key);
    const stays = next !== undefined && (next.email ?? '') === email && comparison.keeps(secret, next.secret);
    if (!stays) gone.push(user);
    if (email !== '' && (!stays || isTightened(user.limits, next.limits))) emails.add(email);
  }
  return { gone, emails: [...emails] };
}

const ANY_KEY = Buffer.alloc(16);

/** Whether what clients have been given for a secret is still good. Nearly all users are alike in that. */
class FormComparison {
  readonly #before: Accepted;
  readonly #after: Accepted;
  readonly #known = new Map<string, boolean>();

  constructor(before: Accepted, after: Accepted) {
    this.#before = before;
    this.#after = after;
  }

  keeps(before: Secret, after: Secret): boolean {
    const name = `${before.mode} ${before.domain ?? ''} ${after.mode} ${after.domain ?? ''}`;
    let keeps = this.#known.get(name);
    if (keeps === undefined) {
      const forms = new Set(this.#forms(after, this.#after));
      keeps = this.#forms(before, this.#before).every((form) => forms.has(form));
      this.#known.set(name, keeps);
    }
    return keeps;
  }

  #forms(secret: Secret, accepted: Accepted): readonly string[] {
    return secretForms({ ...secret, key: ANY_KEY }, accepted).map((form) => formatSecret(form));
  }
}
