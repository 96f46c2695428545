import type { Outbound, Service, ServiceContext } from '@sluice/plugin-api';
import { Bridge } from './bridge.js';
import { Portal } from './portal.js';
import type { ReverseSettings } from './schema.js';

/** All bridges and portals of an instance. */
export class ReverseService implements Service {
  readonly outbounds: Readonly<Record<string, Outbound>>;
  readonly #bridges: readonly Bridge[];
  readonly #portals: readonly Portal[];

  constructor(context: ServiceContext<ReverseSettings>) {
    const { bridges = [], portals = [] } = context.settings;
    this.#bridges = bridges.map((bridge) => new Bridge(context, bridge));
    const made = portals.map((portal) => [portal.tag, new Portal(context, portal)] as const);
    this.#portals = made.map(([, portal]) => portal);
    this.outbounds = Object.fromEntries(made);
  }

  start(): void {
    for (const bridge of this.#bridges) bridge.start();
  }

  close(): void {
    for (const bridge of this.#bridges) bridge.close();
    for (const portal of this.#portals) portal.close();
  }
}
