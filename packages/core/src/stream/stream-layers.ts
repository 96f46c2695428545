import type { Destination, Link, Session, StreamLayer } from '@sluice/plugin-api';

/** The layers of one handler's streams, from the socket upwards. */
export class StreamLayers {
  readonly #layers: readonly StreamLayer[];

  constructor(layers: readonly StreamLayer[]) {
    this.#layers = layers;
  }

  async start(): Promise<void> {
    for (const layer of this.#layers) await layer.start?.();
  }

  /** All of them are closed, whatever one of them throws. */
  async close(): Promise<void> {
    const closing = [...this.#layers].reverse().map(async (layer) => layer.close?.());
    const failed = (await Promise.allSettled(closing)).find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** @returns where the protocol begins. @throws what a layer throws; the link is closed then */
  connect(link: Link, session: Session, to: Destination): Promise<Link> {
    return this.#climb(link, (layer, below) => layer.connect(below, session, to));
  }

  /** The same at the server's end. */
  accept(link: Link, session: Session): Promise<Link> {
    return this.#climb(link, (layer, below) => layer.accept(below, session));
  }

  async #climb(lowest: Link, step: (layer: StreamLayer, below: Link) => Promise<Link>): Promise<Link> {
    let top = lowest;
    try {
      for (const layer of this.#layers) top = await step(layer, top);
      return top;
    } catch (error) {
      top.destroy();
      lowest.destroy();
      throw error;
    }
  }
}
