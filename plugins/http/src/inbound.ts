import {
  DuplexConn,
  Link,
  LinkDuplex,
  type Inbound,
  type InboundContext,
  type InboundUsers,
  type Session,
} from '@sluice/plugin-api';
import { AccountUsers } from './account-users.js';
import { Accounts } from './accounts.js';
import { ProxyClient } from './client.js';
import type { InboundSettings } from './schema.js';

/** An HTTP proxy server: CONNECT and plain requests. */
export class HttpInbound implements Inbound {
  readonly level: number;
  readonly #context: InboundContext<InboundSettings>;
  /** Null where nobody is asked for a password. */
  readonly #accounts: Accounts | null;
  readonly users?: InboundUsers;
  #previous: Accounts | null = null;
  #revoked: readonly string[] = [];

  constructor(context: InboundContext<InboundSettings>) {
    const { accounts = [], userLevel } = context.settings;
    this.#context = context;
    this.level = userLevel ?? 0;
    this.#accounts = accounts.length > 0 ? new Accounts(accounts) : null;
    if (this.#accounts !== null) this.users = new AccountUsers(this.#accounts);
  }

  succeed(previous: Inbound): readonly string[] {
    if (!(previous instanceof HttpInbound) || previous.#accounts === null || this.#accounts === null) return [];
    this.#previous = previous.#accounts;
    this.#revoked = previous.#accounts.missingFrom(this.#context.settings.accounts ?? []);
    return this.#revoked;
  }

  start(): void {
    // Who is still on the way in over there must not get in any more.
    this.#previous?.bar(this.#revoked);
  }

  close(): void {
    // Where it never came to its turn, the one before goes on as it was.
    this.#previous?.bar([]);
    this.#previous = null;
  }

  async accept(link: Link, session: Session): Promise<void> {
    await new ProxyClient(this.#context, this.#accounts, this.#withoutCodecs(link), session).run();
  }

  /** Plain requests write to the connection itself. What lies on it becomes part of it, where there is something. */
  #withoutCodecs(link: Link): Link {
    if (link.decoders.length + link.encoders.length === 0) return link;
    return new Link(new DuplexConn(this.#context.plane, new LinkDuplex(link)));
  }
}
