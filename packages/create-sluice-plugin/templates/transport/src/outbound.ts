import { Buffer } from 'node:buffer';
import type { Destination, Link, Outbound, OutboundContext, Session } from '@sluice/plugin-api';
import { Mask } from './codec.js';
import type { OutboundSettings } from './schema.js';

/** Puts the transport on whatever is dialled through it: another outbound names it in `proxySettings.tag`. */
export class __Name__Outbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #key: Buffer;

  constructor(context: OutboundContext<OutboundSettings>) {
    this.#context = context;
    this.#key = Buffer.from(context.settings.key);
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    const link = await this.#context.dialer.dial(session, to);
    link.push({ decode: new Mask(this.#key), encode: new Mask(this.#key) });
    return link;
  }
}
