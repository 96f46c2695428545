import type { SluiceConfig } from '@sluice/config';
import {
  SluiceError,
  type Control,
  type DataPlaneState,
  type Plugin,
  type ReloadReport,
  type Stats,
} from '@sluice/plugin-api';
import { compose, type Composition } from './composition.js';
import { InstanceControl } from './control/instance-control.js';
import type { Listening } from './inbound/port-set.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import type { LogTargets } from './log/log-sink.js';
import { Contributions } from './registry/contributions.js';
import { Roster } from './reload/roster.js';
import { Transition } from './reload/transition.js';

export interface InstanceOptions {
  /** What the configuration's protocols and rule types may come from. */
  readonly plugins: readonly Plugin[];
  /** Where console logs go; standard error and output if left out. */
  readonly logTargets?: LogTargets;
  /**
   * Reads the configuration anew, for `reload`.
   * @throws SluiceError E_CONFIG_INVALID with the diagnostics in words
   */
  readonly source?: () => Promise<SourcedConfig>;
}

/** A configuration that was read anew, and the plugins that it may use now. */
export interface SourcedConfig {
  readonly config: SluiceConfig;
  readonly plugins: readonly Plugin[];
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
  readonly #roster = new Roster();
  readonly #control: InstanceControl;
  readonly #source: InstanceOptions['source'];
  #config: SluiceConfig;
  #first: Transition | undefined;
  #state: State = 'new';
  /** Changes are made one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
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
    this.#config = config;
    this.#source = options.source;
    const contributions = new Contributions(options.plugins);
    this.#parts = compose(config, contributions, () => this.#control, options.logTargets);
    this.#control = new InstanceControl(this.#parts, this.#roster, {
      config: () => this.#config,
      change: (next) =>
        this.#change(() => Promise.resolve({ config: next(this.#config), plugins: contributions.plugins })),
      reload: () => this.reload(),
    });
    const log = this.#parts.logs.logger('core');
    this.#lifecycle = new Lifecycle((part, error) => {
      log.error(`${part} did not close in order: ${error.message}`, { code: error.code });
    });
    this.#first = new Transition(this.#parts, this.#roster, this.#lifecycle, config, undefined);
  }

  /**
   * Opens outbounds, services, then inbounds. After a failure everything is closed again.
   * @throws SluiceError E_LISTEN_* naming the inbound, E_START_FAILED, E_LIFECYCLE, E_CLOSING
   */
  async start(): Promise<void> {
    const first = this.#first;
    if (this.#state !== 'new' || first === undefined)
      throw new SluiceError('E_LIFECYCLE', `an instance that is ${this.#state} cannot be started`);
    this.#first = undefined;
    this.#state = 'starting';
    try {
      const started = this.#parts.logs.open().then(() => first.run());
      this.#changing = started.catch(() => undefined);
      await started;
    } catch (error) {
      await this.close({ drainMs: 0 });
      throw error;
    }
    if (!this.#isClosing) this.#state = 'running';
  }

  /**
   * Reads the configuration anew and goes over to it: what did not change keeps its listeners and
   * connections.
   * @throws SluiceError E_UNSUPPORTED without a source, E_CONFIG_INVALID, E_LISTEN_*, E_START_FAILED,
   * E_LIFECYCLE; nothing has changed then
   */
  async reload(): Promise<ReloadReport> {
    if (this.#source === undefined)
      throw new SluiceError('E_UNSUPPORTED', 'this instance was not made from files, so there is nothing to read anew');
    return this.#change(this.#source);
  }

  /** Stops accepting, drains, then closes. Safe in any state and any number of times. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options.drainMs ?? DEFAULT_DRAIN_MS);
    if (options.drainMs === 0) this.#skipDrain();
    return this.#closed;
  }

  /** The running instance, to look at and to change. */
  get control(): Control {
    return this.#control;
  }

  get inbounds(): readonly InboundStatus[] {
    return [...this.#roster.inbounds.values()].map((inbound) => ({
      tag: inbound.tag,
      protocol: inbound.protocol,
      listening: inbound.listening,
      announcements: inbound.announce(),
    }));
  }

  /** Lines of the services for a person, such as where they listen. */
  get announcements(): readonly string[] {
    return [...this.#roster.services.values()].flatMap((service) => service.announce());
  }

  /** Opens log files anew, after their rotation. @throws SluiceError E_START_FAILED */
  reopenLogs(): Promise<void> {
    return this.#parts.logs.reopen();
  }

  get stats(): Stats {
    return this.#parts.stats;
  }

  /** Open conns, timers and buffers: all zero once the instance is closed. */
  get dataPlane(): DataPlaneState & { readonly sessions: number } {
    return { ...this.#parts.plane.state(), sessions: this.#parts.sessions.size };
  }

  get #isClosing(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  #change(read: () => Promise<SourcedConfig>): Promise<ReloadReport> {
    const changed = this.#changing.then(async () => {
      if (this.#state !== 'running')
        throw new SluiceError('E_LIFECYCLE', `an instance that is ${this.#state} cannot be changed`);
      const { config, plugins } = await read();
      // What is already running keeps the code that it was made from.
      const takeBack = this.#parts.contributions.load(plugins);
      try {
        const report = await new Transition(this.#parts, this.#roster, this.#lifecycle, config, this.#config).run();
        this.#config = config;
        return report;
      } catch (error) {
        takeBack();
        throw error;
      }
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #close(drainMs: number): Promise<void> {
    this.#state = 'closing';
    this.#lifecycle.refuse();
    const { sessions, logs, plane, container } = this.#parts;
    const inbounds = [...this.#roster.inbounds.values(), ...this.#roster.retired];
    await Promise.all(inbounds.map((inbound) => inbound.stopListening()));
    await Promise.race([sessions.drain(drainMs), this.#drainSkipped.then(() => sessions.drain(0))]);
    sessions.endFlows();
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
