import {
  checkedEntry,
  refusingReporter,
  SluiceError,
  type InboundUsers,
  type ProblemReporter,
} from '@sluice/plugin-api';
import { checkInbound } from './check.js';
import { configuredUser } from './configured-users.js';
import { userSettings, type InboundSettings } from './schema.js';
import type { MtprotoUser, Users } from './users.js';

/** Who has to know that a user has come or gone, beside the searches. */
export interface UserObserver {
  /** Before the user can come. */
  added(user: MtprotoUser): void;
  /** When the user cannot come any more. */
  removed(user: MtprotoUser): void;
}

/** The users of a running inbound, as those see them who change them. */
export class RunningUsers implements InboundUsers {
  readonly #settings: InboundSettings;
  readonly #users: Users;
  readonly #observer: UserObserver;

  constructor(settings: InboundSettings, users: Users, observer: UserObserver) {
    this.#settings = settings;
    this.#users = users;
    this.#observer = observer;
  }

  emails(): readonly string[] {
    return this.#users.emails();
  }

  /** @param entry as in `users`; with an email, by which it can be removed */
  add(entry: unknown): void {
    const settings = checkedEntry(userSettings, entry);
    checkInbound({ ...this.#settings, users: [settings] }, ofUser);
    const { email = '' } = settings;
    if (email === '') refusingReporter.error(['email'], 'is missing: the user could not be removed again');
    if (this.#users.ofEmail(email).length > 0) throw new SluiceError('E_EXISTS', `there is a user "${email}" already`);
    const user = configuredUser(settings, this.#settings, 'the user');
    if (this.#users.ofKey(user.secret.key) !== undefined)
      refusingReporter.error(['secret'], 'is that of another user: their clients could not be told apart');
    this.#observer.added(user);
    this.#users.add(user);
  }

  remove(email: string): boolean {
    const users = email === '' ? [] : this.#users.ofEmail(email);
    for (const user of users) {
      this.#users.remove(user);
      this.#observer.removed(user);
    }
    return users.length > 0;
  }
}

/** What is wrong with the only user of settings is wrong with the entry; the rest was checked long ago. */
const ofUser: ProblemReporter = {
  error([list, , ...path], message) {
    if (list === 'users') refusingReporter.error(path, message);
  },
  warning() {
    // Nobody reads a list of them here.
  },
};
