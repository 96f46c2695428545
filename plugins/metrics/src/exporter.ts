import { Registry } from 'prom-client';
import { collectConnections } from './collectors/connections.js';
import type { CollectorContext } from './collectors/collector.js';
import { collectDials } from './collectors/dials.js';
import { collectEventLoop } from './collectors/event-loop.js';
import { collectGarbage } from './collectors/garbage.js';
import { collectOutbounds } from './collectors/outbounds.js';
import { collectPlane } from './collectors/plane.js';
import { collectProcess } from './collectors/process.js';
import { collectTraffic } from './collectors/traffic.js';
import { Labels } from './labels.js';

const COLLECTORS = [
  collectConnections,
  collectDials,
  collectTraffic,
  collectOutbounds,
  collectPlane,
  collectEventLoop,
  collectGarbage,
  collectProcess,
];

/** All metrics of one instance, in a registry of its own. */
export class Exporter {
  readonly #registry = new Registry();
  readonly #stops: (() => void)[] = [];
  #running: Promise<string> | undefined;

  constructor(context: Pick<CollectorContext, 'service' | 'version'>) {
    const labels = new Labels();
    for (const collect of COLLECTORS) {
      const stop = collect({ ...context, registry: this.#registry, labels });
      if (stop !== undefined) this.#stops.push(stop);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In the text format. Whoever asks while it is being made gets the same. */
  text(): Promise<string> {
    this.#running ??= this.#registry.metrics().finally(() => (this.#running = undefined));
    return this.#running;
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#registry.clear();
  }
}
