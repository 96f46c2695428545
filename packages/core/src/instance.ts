import type { SluiceConfig } from '@sluice/config';
import { SluiceError, type DataPlaneState, type Plugin, type Stats } from '@sluice/plugin-api';
import { compose, type Composition } from './composition.js';
import type { Listening } from './inbound/inbound-worker.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import type { LogTargets } from './log/logs.js';
import { Contributions } from './registry/contributions.js';

export interface InstanceOptions {
  /** What the configuration's protocols and rule types may come from. */
  readonly plugins: readonly Plugin[];
  /** Where console logs go; standard error and output if left out. */
  readonly logTargets?: LogTargets;
}

export interface CloseOptions {
  /** How long open connections may go on after listening has stopped, in ms. Default 3000. */
  readonly drainMs?: number;
}

/** What a running inbound shows: its addresses and lines for a person. */
export interface InboundStatus {
  readonly tag: string;
  readonly protocol: string;
  readonly listening: readonly Listening[];
  readonly announcements: readonly string[];
}

type State = 'new' | 'starting' | 'running' | 'closing' | 'closed';

const DEFAULT_DRAIN_MS = 3000;
/** How long refused clients may take for their last bytes, and how often that is looked at, in ms. */
const SETTLE_MS = 1500;
const SETTLE_STEP_MS = 10;

/** A proxy core made from one configuration. Several can live in one process. */
export class Instance {
  readonly #parts: Composition;
  readonly #lifecycle: Lifecycle;
  #state: State = 'new';
  #closed: Promise<void> | undefined;
  #skipDrain!: () => void;
  readonly #drainSkipped = new Promise<void>((resolve) => {
    this.#skipDrain = resolve;
  });

  /**
   * Makes all parts without side effects.
   * @throws SluiceError E_REGISTRY_DUPLICATE, E_REGISTRY_UNKNOWN, E_CONFIG_INVALID
   */
  constructor(config: SluiceConfig, options: InstanceOptions) {
    this.#parts = compose(config, new Contributions(options.plugins), options.logTargets);
    const { outbounds, inbounds, logs } = this.#parts;
    const log = logs.logger('core');
    this.#lifecycle = new Lifecycle([...outbounds.all(), ...inbounds], (part, error) => {
      log.error(`${part} did not close in order: ${error.message}`, { code: error.code });
    });
  }

  /**
   * Opens outbounds, then inbounds. After a failure everything is closed again.
   * @throws SluiceError E_LISTEN_* naming the inbound, E_START_FAILED, E_LIFECYCLE
   */
  async start(): Promise<void> {
    if (this.#state !== 'new')
      throw new SluiceError('E_LIFECYCLE', `an instance that is ${this.#state} cannot be started`);
    this.#state = 'starting';
    try {
      await this.#parts.logs.open();
      await this.#lifecycle.start();
    } catch (error) {
      await this.close({ drainMs: 0 });
      throw error;
    }
    if (this.#state === 'starting') this.#state = 'running';
  }

  /** Stops accepting, drains, then closes. Safe in any state and any number of times. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options.drainMs ?? DEFAULT_DRAIN_MS);
    if (options.drainMs === 0) this.#skipDrain();
    return this.#closed;
  }

  get inbounds(): readonly InboundStatus[] {
    return this.#parts.inbounds.map((inbound) => ({
      tag: inbound.tag,
      protocol: inbound.protocol,
      listening: inbound.listening,
      announcements: inbound.announce(),
    }));
  }

  get stats(): Stats {
    return this.#parts.stats;
  }

  /** Open conns, timers and buffers: all zero once the instance is closed. */
  get dataPlane(): DataPlaneState & { readonly sessions: number } {
    return { ...this.#parts.plane.state(), sessions: this.#parts.sessions.size };
  }

  async #close(drainMs: number): Promise<void> {
    this.#state = 'closing';
    const { inbounds, sessions, flows, logs, plane, container } = this.#parts;
    await Promise.all(inbounds.map((inbound) => inbound.stopListening()));
    await Promise.race([sessions.drain(drainMs), this.#drainSkipped.then(() => sessions.drain(0))]);
    for (const flow of flows) flow.closeAll();
    await this.#lifecycle.close();
    await this.#settle();
    plane.buffers.trim();
    await logs.close();
    container.clear();
    this.#state = 'closed';
  }

  /** Conns close a little after they were told to; what stays is somebody's fault, and said. */
  async #settle(): Promise<void> {
    const { plane, logs } = this.#parts;
    for (let waited = 0; plane.conns > 0 && waited < SETTLE_MS; waited += SETTLE_STEP_MS) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_STEP_MS));
    }
    if (plane.conns > 0)
      logs.logger('core').error(`${plane.conns} connections were left open`, { code: 'E_LIFECYCLE' });
  }
}
