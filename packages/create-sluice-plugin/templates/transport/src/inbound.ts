import { Buffer } from 'node:buffer';
import {
  destination,
  type Destination,
  type Inbound,
  type InboundContext,
  type Link,
  type Session,
} from '@sluice/plugin-api';
import { Mask } from './codec.js';
import type { InboundSettings } from './schema.js';

/** Takes the transport off, and leads what was in it on to where the settings say. */
export class __Name__Inbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #key: Buffer;
  readonly #target: Destination;

  constructor(context: InboundContext<InboundSettings>) {
    const { key, address, port } = context.settings;
    this.#context = context;
    this.#key = Buffer.from(key);
    this.#target = destination('tcp', address, port);
  }

  async accept(link: Link, session: Session): Promise<void> {
    const { dispatcher } = this.#context;
    link.push({ decode: new Mask(this.#key), encode: new Mask(this.#key) });
    session.established();
    const upstream = await dispatcher.connect(session, this.#target, { client: link });
    dispatcher.relay(session, link, upstream);
  }
}
