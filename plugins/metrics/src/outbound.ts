import { connPair, Link, LinkDuplex, SluiceError, type DataPlane, type Outbound } from '@sluice/plugin-api';
import type { Duplex } from 'node:stream';

/** Leads connections that rules have sent here to the metrics. */
export class MetricsOutbound implements Outbound {
  readonly #plane: DataPlane;
  readonly #serve: () => ((stream: Duplex) => void) | undefined;

  /** @param serve takes a connection over; undefined while the service is not running */
  constructor(plane: DataPlane, serve: () => ((stream: Duplex) => void) | undefined) {
    this.#plane = plane;
    this.#serve = serve;
  }

  connect(): Promise<Link> {
    const serve = this.#serve();
    if (serve === undefined) return Promise.reject(new SluiceError('E_CLOSING', 'the metrics are not being served'));
    const [near, far] = connPair(this.#plane);
    serve(new LinkDuplex(new Link(far)));
    return Promise.resolve(new Link(near));
  }
}
