import {
  dial,
  Link,
  SluiceError,
  toSluiceError,
  type DataPlane,
  type Destination,
  type Dispatcher,
  type Resolver,
} from '@sluice/plugin-api';
import { askOver } from './http-exchange.js';
import type { ProbeTarget } from './probe-target.js';

/** The inbound that probes are said to come from, in logs and interfaces. */
export const PROBE_INBOUND = 'observatory';
/** Further ones wait for their turn. */
const MAX_PARALLEL = 64;

/** What probes need of a service's context. */
export interface ProbeServices {
  readonly dispatcher: Dispatcher;
  readonly plane: DataPlane;
  readonly resolver: Resolver;
}

export interface ProberOptions {
  readonly method: string;
  readonly timeoutMs: number;
  /** Authorities beside the well-known ones, in PEM. */
  readonly ca?: string | undefined;
}

type Connect = (to: Destination, signal: AbortSignal) => Promise<Link>;

/** Asks for a URL through an outbound, or without any, and measures how long the answer takes. */
export class Prober {
  readonly #services: ProbeServices;
  readonly #options: ProberOptions;
  readonly #running = new Set<AbortController>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #isClosed = false;

  constructor(services: ProbeServices, options: ProberOptions) {
    this.#services = services;
    this.#options = options;
  }

  /**
   * @returns ms from the dial to the answer's first line
   * @throws SluiceError E_DIAL_TIMEOUT, E_CLOSING; of the dial, the outbound's handshake, the exchange
   */
  async through(outboundTag: string, target: ProbeTarget): Promise<number> {
    if (this.#active >= MAX_PARALLEL) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active += 1;
    try {
      return await this.#timed(target, (to, signal) => this.#connect(outboundTag, to, signal));
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** The same without any outbound. */
  direct(target: ProbeTarget): Promise<number> {
    const { plane, resolver } = this.#services;
    const { timeoutMs } = this.#options;
    return this.#timed(target, async (to, signal) => new Link(await dial(plane, to, { resolver, timeoutMs, signal })));
  }

  /** Gives up what is under way, at once. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running) controller.abort(closing());
    for (const next of this.#waiting.splice(0)) next();
  }

  async #timed(target: ProbeTarget, connect: Connect): Promise<number> {
    if (this.#isClosed) throw closing();
    const { timeoutMs, method, ca } = this.#options;
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(
      () => controller.abort(new SluiceError('E_DIAL_TIMEOUT', `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#running.add(controller);
    const start = performance.now();
    try {
      await askOver(await connect(target.to, signal), target, { method, signal, ca });
      return performance.now() - start;
    } catch (error) {
      throw toSluiceError(signal.aborted ? signal.reason : error);
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
    }
  }

  async #connect(outboundTag: string, to: Destination, signal: AbortSignal): Promise<Link> {
    const { dispatcher } = this.#services;
    const session = dispatcher.originate({ inboundTag: PROBE_INBOUND, inboundProtocol: PROBE_INBOUND, outboundTag });
    // Whatever the outbound does, the probe ends in time.
    const givenUp = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          session.close();
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
    const connected = dispatcher.connect(session, to);
    try {
      return await Promise.race([connected, givenUp]);
    } catch (error) {
      connected.then(
        (link) => link.destroy(),
        () => undefined,
      );
      throw error;
    } finally {
      session.close();
    }
  }
}

function closing(): SluiceError {
  return new SluiceError('E_CLOSING', 'the observatory is closing');
}
