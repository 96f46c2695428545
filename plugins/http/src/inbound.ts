import { DuplexConn, Link, LinkDuplex, type Inbound, type InboundContext, type Session } from '@sluice/plugin-api';
import { Accounts } from './accounts.js';
import { ProxyClient } from './client.js';
import type { InboundSettings } from './schema.js';

/** An HTTP proxy server: CONNECT and plain requests. */
export class HttpInbound implements Inbound {
  readonly level: number;
  readonly #context: InboundContext<InboundSettings>;
  /** Null where nobody is asked for a password. */
  readonly #accounts: Accounts | null;

  constructor(context: InboundContext<InboundSettings>) {
    const { accounts = [], userLevel } = context.settings;
    this.#context = context;
    this.level = userLevel ?? 0;
    this.#accounts = accounts.length > 0 ? new Accounts(accounts) : null;
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
