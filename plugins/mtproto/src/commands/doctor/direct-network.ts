import {
  DataPlane,
  dial,
  Link,
  SystemResolver,
  toSluiceError,
  type Destination,
  type Resolver,
} from '@sluice/plugin-api';
import { orAborted } from './run-checks.js';

/** The signal decides; the dialler's own limit never comes first. */
const FOR_EVER_MS = 24 * 3_600_000;

/** This machine's own way to the network, past all routing. */
export class DirectNetwork {
  readonly plane = new DataPlane();
  readonly #resolver: Resolver;

  constructor(resolver: Resolver = new SystemResolver()) {
    this.#resolver = resolver;
  }

  /** All addresses of a name. @throws SluiceError E_DNS_NOT_FOUND, E_DNS_FAILED, or the signal's reason */
  resolve(name: string, signal: AbortSignal): Promise<readonly string[]> {
    return orAborted(this.#resolver.resolve(name), signal);
  }

  /** When the signal is aborted, reads from the link fail with its reason. @throws SluiceError as `dial` */
  async connect(to: Destination, signal: AbortSignal): Promise<Link> {
    const conn = await dial(this.plane, to, { resolver: this.#resolver, timeoutMs: FOR_EVER_MS, signal });
    const link = new Link(conn);
    signal.addEventListener('abort', () => link.reader.giveUp(toSluiceError(signal.reason)), { once: true });
    return link;
  }
}
