import { SluiceError } from '@sluice/plugin-api';
import type { OutboundHandler } from './outbound-handler.js';

/** The configured outbounds by tag; the first one is the default. */
export class OutboundTable {
  readonly #handlers = new Map<string, OutboundHandler>();
  #default: OutboundHandler | undefined;

  add(handler: OutboundHandler): void {
    this.#handlers.set(handler.tag, handler);
    this.#default ??= handler;
  }

  /** @throws SluiceError E_NO_OUTBOUND */
  get(tag: string | undefined): OutboundHandler {
    const handler = tag === undefined ? this.#default : this.#handlers.get(tag);
    if (handler !== undefined) return handler;
    const message = tag === undefined ? 'no outbound is configured' : `there is no outbound "${tag}"`;
    throw new SluiceError('E_NO_OUTBOUND', message);
  }

  all(): OutboundHandler[] {
    return [...this.#handlers.values()];
  }
}
