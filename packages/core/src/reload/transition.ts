import { isDeepStrictEqual } from 'node:util';
import { AssetFolders, type InboundConfig, type OutboundConfig, type SluiceConfig } from '@sluice/config';
import { toSluiceError, type ReloadReport } from '@sluice/plugin-api';
import type { Composition } from '../composition.js';
import type { InboundWorker } from '../inbound/inbound-worker.js';
import type { PortSet } from '../inbound/port-set.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import type { LogSink } from '../log/log-sink.js';
import type { OutboundHandler } from '../outbound/outbound-handler.js';
import { compileRules, type CompiledRule } from '../routing/compile.js';
import type { ServiceHandler } from '../services/service-handler.js';
import { planChanges, type Change } from './plan.js';
import { endSessionsOf } from './revocation.js';
import type { Roster } from './roster.js';

/** Undoes one step. */
type Undo = () => void | Promise<void>;

interface NextInbound extends Change<InboundWorker, InboundConfig> {
  readonly after: InboundWorker | undefined;
}

interface NextOutbound extends Change<OutboundHandler, OutboundConfig> {
  readonly after: OutboundHandler | undefined;
}

/**
 * One way from the configuration that runs to another. All that can fail comes first and is undone
 * if something does; then everything is exchanged in one turn, and what went is closed when its
 * connections are over. An instance's start is the way from nothing to its first configuration.
 */
export class Transition {
  readonly #parts: Composition;
  readonly #roster: Roster;
  readonly #lifecycle: Lifecycle;
  readonly #before: SluiceConfig | undefined;
  readonly #next: SluiceConfig;
  readonly #undo: Undo[] = [];
  readonly #revoked: { readonly tag: string; readonly emails: readonly string[] }[] = [];
  readonly #rules: readonly CompiledRule[];
  readonly #outbounds: readonly NextOutbound[];
  readonly #inbounds: readonly NextInbound[];
  /** Read once, whoever asks for a file. */
  readonly #assets: AssetFolders;
  #services = new Map<string, ServiceHandler>();
  #sink: LogSink | undefined;

  /**
   * Makes all new handlers, without side effects.
   * @param before the configuration that runs
   * @throws SluiceError E_REGISTRY_UNKNOWN, E_CONFIG_INVALID, or what a plugin throws
   */
  constructor(
    parts: Composition,
    roster: Roster,
    lifecycle: Lifecycle,
    next: SluiceConfig,
    before: SluiceConfig | undefined,
  ) {
    this.#parts = parts;
    this.#roster = roster;
    this.#lifecycle = lifecycle;
    this.#next = next;
    this.#before = before;
    this.#assets = new AssetFolders(next.assetFolders);
    const { handlers, contributions, outbounds } = parts;
    // The very same rules need not be compiled again; rules that were read anew may mean newer geo data.
    this.#rules =
      before?.routing.rules === next.routing.rules
        ? roster.rules
        : compileRules(next.routing.rules, (type) => contributions.ruleTypes.get(type), this.#assets);
    this.#outbounds = planChanges(byTag(outbounds.configured), byTag(next.outbounds), ({ config }) => config).map(
      (change) => ({ ...change, after: made(change, (entry) => handlers.outbound(entry)) }),
    );
    this.#inbounds = planChanges(roster.inbounds, byTag(next.inbounds), ({ config }) => config).map((change) => ({
      ...change,
      after: made(change, (entry) => handlers.inbound(entry)),
    }));
  }

  /**
   * Starts what is new, goes over to it, and lets go of the old.
   * @throws SluiceError E_LISTEN_*, E_START_FAILED, E_CLOSING: everything runs as before then
   */
  async run(): Promise<ReloadReport> {
    let kept = 0;
    const changed = { added: [] as string[], removed: [] as string[], replaced: [] as string[] };
    const note = (name: string, { before, entry, isKept }: Change<unknown, unknown>): void => {
      if (isKept) kept += 1;
      else if (entry === undefined) changed.removed.push(name);
      else if (before === undefined) changed.added.push(name);
      else changed.replaced.push(name);
    };
    for (const key of ['routing', 'policy', 'stats', 'log'] as const)
      if (this.#before !== undefined && !isDeepStrictEqual(this.#before[key], this.#next[key]))
        changed.replaced.push(key);
    const services = planChanges(this.#roster.services, byKey(this.#next.services), ({ settings }) => settings);
    try {
      await this.#openLogs();
      for (const change of this.#outbounds) {
        note(`outbound ${change.key}`, change);
        if (change.isKept || change.after === undefined) continue;
        await this.#start(change.after);
      }
      // At first there is nothing to protect, and what starts next may connect at once.
      if (this.#parts.outbounds.configured.length === 0) this.#exchangeRoutes();
      for (const change of services) {
        note(`service ${change.key}`, change);
        await this.#changeService(change);
      }
      const leaving = new Map<string, PortSet>();
      for (const { isKept, before } of this.#inbounds)
        if (!isKept && before !== undefined) for (const key of before.ports.keys) leaving.set(key, before.ports);
      for (const change of this.#inbounds) {
        note(`inbound ${change.key}`, change);
        if (change.isKept || change.after === undefined) continue;
        await this.#prepare(change, change.after, leaving);
      }
    } catch (error) {
      await this.#undoAll();
      throw toSluiceError(error, 'E_START_FAILED');
    }
    this.#exchange();
    const ended = this.#endRevoked();
    await this.#letGo();
    return { ...changed, kept, ended };
  }

  async #openLogs(): Promise<void> {
    const { logs } = this.#parts;
    if (logs.isMadeFrom(this.#next.log)) return;
    const sink = logs.sink(this.#next.log);
    this.#undo.push(() => sink.close());
    await sink.open();
    this.#sink = sink;
  }

  async #start(part: OutboundHandler | ServiceHandler): Promise<void> {
    await this.#lifecycle.start(part, () => part.start());
    this.#undo.push(() => this.#lifecycle.retire(part));
  }

  /** A service may hold a port of its own, so the old one goes before the new one comes. */
  async #changeService({ key, before, entry, isKept }: Change<ServiceHandler, unknown>): Promise<void> {
    if (isKept) {
      this.#services.set(key, before as ServiceHandler);
      return;
    }
    if (before !== undefined) {
      await this.#lifecycle.retire(before);
      this.#undo.push(async () => {
        const again = this.#parts.handlers.service(key, before.settings, this.#assets);
        await this.#lifecycle.start(again, () => again.start());
        this.#roster.services = new Map(this.#roster.services).set(key, again);
        this.#loadOutbounds(this.#parts.outbounds.configured, this.#roster.services);
      });
    }
    if (entry === undefined) return;
    const after = this.#parts.handlers.service(key, entry, this.#assets);
    this.#services.set(key, after);
    await this.#start(after);
  }

  async #prepare(
    { key, before }: NextInbound,
    after: InboundWorker,
    leaving: ReadonlyMap<string, PortSet>,
  ): Promise<void> {
    const emails = await this.#lifecycle.start(after, () => after.prepare(before, leaving));
    this.#undo.push(() => this.#lifecycle.retire(after));
    if (emails.length > 0) this.#revoked.push({ tag: key, emails });
  }

  async #undoAll(): Promise<void> {
    for (const undo of this.#undo.reverse()) {
      try {
        await undo();
      } catch (error) {
        const why = toSluiceError(error);
        if (why.code === 'E_CLOSING') continue;
        this.#parts.logs.logger('core').error(`going back failed: ${why.message}`, { code: why.code });
      }
    }
  }

  /** In one turn, so that every connection meets either the old or the new, never a mixture. */
  #exchange(): void {
    const { handlers } = this.#parts;
    this.#roster.services = this.#services;
    this.#exchangeRoutes();
    const inbounds = new Map<string, InboundWorker>();
    for (const { key, isKept, before, after } of this.#inbounds) {
      const worker = isKept ? before : after;
      if (worker === undefined) continue;
      if (!isKept) worker.takePorts();
      handlers.meterInbound(worker);
      inbounds.set(key, worker);
    }
    this.#roster.inbounds = inbounds;
  }

  /** Everything behind the inbounds. */
  #exchangeRoutes(): void {
    const { policy, traffic, router, balancers, handlers } = this.#parts;
    const { routing } = this.#next;
    policy.load(this.#next.policy);
    traffic.load(this.#next.policy, this.#next.stats);
    const outbounds = this.#outbounds.flatMap(({ isKept, before, after }) => (isKept ? before : after) ?? []);
    this.#loadOutbounds(outbounds, this.#services);
    for (const handler of outbounds) handlers.meterOutbound(handler);
    // As V2Ray's selectors do: those with tags of their own, portals and the like among them.
    const selectable = [...outbounds, ...this.#parts.outbounds.ofServices].filter(({ config }) => config.tagged);
    balancers.load(
      routing.balancers,
      selectable.map(({ tag }) => tag),
    );
    if (this.#roster.rules !== this.#rules || this.#before?.routing.domainStrategy !== routing.domainStrategy)
      router.load({ rules: this.#rules, domainStrategy: routing.domainStrategy });
    this.#roster.rules = this.#rules;
  }

  #loadOutbounds(configured: readonly OutboundHandler[], services: ReadonlyMap<string, ServiceHandler>): void {
    const { outbounds, handlers } = this.#parts;
    const ofServices = [...services.values()].flatMap((service) =>
      service.outbounds.map(([tag, outbound]) => handlers.ofService(service.key, tag, outbound)),
    );
    outbounds.load(configured, ofServices);
  }

  #endRevoked(): number {
    let ended = 0;
    for (const { tag, emails } of this.#revoked) ended += endSessionsOf(this.#parts.sessions, tag, emails);
    return ended;
  }

  async #letGo(): Promise<void> {
    const { sessions, logs } = this.#parts;
    // The old files may be slow to close; nobody else waits for them.
    const logged = this.#sink === undefined ? undefined : logs.use(this.#sink);
    const inbounds = this.#inbounds.filter(({ isKept }) => !isKept).flatMap(({ before }) => before ?? []);
    for (const worker of inbounds) {
      this.#roster.retired.add(worker);
      await worker.stopListening();
      worker.count.whenNone(() => {
        this.#roster.retired.delete(worker);
        void this.#lifecycle.retire(worker);
      });
    }
    const outbounds = this.#outbounds.filter(({ isKept }) => !isKept).flatMap(({ before }) => before ?? []);
    if (outbounds.length > 0) {
      // Others may dial through it, so that those whom it carries itself are not all who need it.
      sessions.whenPresentAreOver(() => {
        for (const handler of outbounds) void this.#lifecycle.retire(handler);
      });
    }
    await logged;
  }
}

function byTag<T extends { readonly tag: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((each) => [each.tag, each]));
}

function byKey(services: Readonly<Record<string, unknown>>): Map<string, unknown> {
  return new Map(Object.entries(services));
}

function made<H, E>({ entry, isKept }: Change<H, E>, make: (entry: E) => H): H | undefined {
  return isKept || entry === undefined ? undefined : make(entry);
}
