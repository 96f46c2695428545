import { SluiceError } from '@sluice/plugin-api';
import type { OutboundHandler } from './outbound-handler.js';

/** The outbounds by tag, services' among them; the first configured one is the default. */
export class OutboundTable {
  #configured: readonly OutboundHandler[] = [];
  #ofServices: readonly OutboundHandler[] = [];
  #byTag = new Map<string, OutboundHandler>();

  /** Puts these in the place of all that were there, at once. */
  load(configured: readonly OutboundHandler[], ofServices: readonly OutboundHandler[]): void {
    this.#configured = configured;
    this.#ofServices = ofServices;
    this.#byTag = new Map([...ofServices, ...configured].map((handler) => [handler.tag, handler]));
  }

  /** @throws SluiceError E_NO_OUTBOUND */
  get(tag: string | undefined): OutboundHandler {
    const handler = tag === undefined ? this.#configured[0] : this.#byTag.get(tag);
    if (handler !== undefined) return handler;
    const message = tag === undefined ? 'no outbound is configured' : `there is no outbound "${tag}"`;
    throw new SluiceError('E_NO_OUTBOUND', message);
  }

  find(tag: string): OutboundHandler | undefined {
    return this.#byTag.get(tag);
  }

  /** In the configuration's order. */
  get configured(): readonly OutboundHandler[] {
    return this.#configured;
  }

  get ofServices(): readonly OutboundHandler[] {
    return this.#ofServices;
  }
}
