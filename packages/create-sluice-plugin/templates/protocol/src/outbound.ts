import {
  destination,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type Session,
} from '@sluice/plugin-api';
import { Mask } from './codec.js';
import { Password } from './request.js';
import type { OutboundSettings } from './schema.js';

export class __Name__Outbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #password: Password;
  readonly #server: Destination;

  constructor(context: OutboundContext<OutboundSettings>) {
    const { address, port, password } = context.settings;
    this.#context = context;
    this.#password = new Password(password);
    this.#server = destination('tcp', address, port);
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    // Made first: a target that cannot be asked for must not cost a connection.
    const request = this.#password.request(to);
    const link = await this.#context.dialer.dial(session, this.#server);
    link.write(request);
    link.push({ decode: new Mask(this.#password.key), encode: new Mask(this.#password.key) });
    return link;
  }
}
