import {
  toSluiceError,
  type Control,
  type Health,
  type Logger,
  type OutboundHealth,
  type Service,
  type SluiceError,
} from '@sluice/plugin-api';
import { Connectivity } from './connectivity.js';
import type { ProbeTarget } from './probe-target.js';
import { Prober, type ProberOptions, type ProbeServices } from './prober.js';
import { Rounds } from './rounds.js';
import { Samples } from './samples.js';

export interface ObservatoryServices extends ProbeServices {
  readonly logger: Logger;
  readonly health: Health;
  readonly control: Pick<Control, 'outbounds'>;
}

export interface ObservatoryOptions extends ProberOptions {
  /** Prefixes of the outbounds' tags. */
  readonly subjectSelector: readonly string[];
  readonly target: ProbeTarget;
  /** What is asked for without an outbound when a probe has failed. */
  readonly connectivity?: ProbeTarget | undefined;
  readonly intervalMs: number;
  readonly atOnce: boolean;
  /** How many probes of each outbound are kept, and for how long in ms. */
  readonly samples: number;
  readonly validMs: number;
}

/** Probes outbounds in rounds, and reports what it finds. */
export class Observatory implements Service {
  readonly #services: ObservatoryServices;
  readonly #options: ObservatoryOptions;
  readonly #prober: Prober;
  readonly #connectivity: Connectivity;
  readonly #rounds: Rounds;
  readonly #samples = new Map<string, Samples>();
  /** What stands in the health table from here. */
  readonly #reported = new Map<string, OutboundHealth>();
  #isClosed = false;

  constructor(services: ObservatoryServices, options: ObservatoryOptions) {
    this.#services = services;
    this.#options = options;
    this.#prober = new Prober(services, options);
    this.#connectivity = new Connectivity(this.#prober, options.connectivity, services.logger);
    this.#rounds = new Rounds({
      intervalMs: options.intervalMs,
      atOnce: options.atOnce,
      subjects: () => this.#subjects(),
      probe: (tag) => this.#probe(tag),
    });
  }

  start(): void {
    if (this.#options.subjectSelector.length === 0)
      this.#services.logger.warn('"subjectSelector" is empty: no outbound is probed');
    else this.#rounds.start();
  }

  close(): void {
    this.#isClosed = true;
    this.#rounds.close();
    this.#prober.close();
    for (const tag of [...this.#reported.keys()]) this.#takeBack(tag);
  }

  /** The outbounds to probe now; what was reported of others is taken back. */
  #subjects(): string[] {
    const { subjectSelector } = this.#options;
    const tags = this.#services.control
      .outbounds()
      .map(({ tag }) => tag)
      .filter((tag) => subjectSelector.some((prefix) => tag.startsWith(prefix)));
    const kept = new Set(tags);
    for (const tag of [...this.#samples.keys()]) {
      if (kept.has(tag)) continue;
      this.#samples.delete(tag);
      this.#takeBack(tag);
    }
    for (const tag of tags) {
      if (!this.#samples.has(tag)) this.#samples.set(tag, new Samples(this.#options.samples, this.#options.validMs));
    }
    return tags;
  }

  async #probe(tag: string): Promise<void> {
    if (this.#connectivity.isDown && !(await this.#connectivity.isThere())) return;
    try {
      const delay = await this.#prober.through(tag, this.#options.target);
      this.#said(tag, (samples) => samples.succeeded(delay, Date.now()));
    } catch (error) {
      const reason = toSluiceError(error);
      if (this.#isClosed || !(await this.#connectivity.isThere())) return;
      this.#said(tag, (samples) => samples.failed(reason, Date.now()), reason);
    }
  }

  #said(tag: string, add: (samples: Samples) => void, error?: SluiceError): void {
    const samples = this.#samples.get(tag);
    // The outbound has gone meanwhile, or the observatory.
    if (this.#isClosed || samples === undefined) return;
    add(samples);
    const health = samples.health();
    const before = this.#reported.get(tag);
    const { logger, health: table } = this.#services;
    table.report(tag, health);
    this.#reported.set(tag, health);
    if (before?.alive === health.alive) return;
    if (health.alive) logger.info(`the outbound "${tag}" is alive: ${Math.round(health.delay ?? 0)} ms`);
    else logger.warn(`the outbound "${tag}" is dead: ${error?.message ?? ''}`, { code: error?.code });
  }

  /** Unless another observatory has reported since. */
  #takeBack(tag: string): void {
    const { health } = this.#services;
    if (health.of(tag) === this.#reported.get(tag)) health.report(tag, undefined);
    this.#reported.delete(tag);
  }
}
