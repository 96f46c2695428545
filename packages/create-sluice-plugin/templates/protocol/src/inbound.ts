import type { Inbound, InboundContext, Link, Session } from '@sluice/plugin-api';
import { Mask } from './codec.js';
import { MAX_REQUEST, Password } from './request.js';
import type { InboundSettings } from './schema.js';

export class __Name__Inbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #password: Password;

  constructor(context: InboundContext<InboundSettings>) {
    this.#context = context;
    this.#password = new Password(context.settings.password);
  }

  async accept(link: Link, session: Session): Promise<void> {
    const { dispatcher, settings } = this.#context;
    link.reader.limit(MAX_REQUEST);
    const to = this.#password.open(await link.reader.readUntil('\n'));
    session.user = { email: settings.email, level: settings.level ?? 0 };
    link.push({ decode: new Mask(this.#password.key), encode: new Mask(this.#password.key) });
    // The handshake is over: from here on it is the outbound's time that is limited.
    session.established();
    const upstream = await dispatcher.connect(session, to, { client: link });
    dispatcher.relay(session, link, upstream);
  }
}
