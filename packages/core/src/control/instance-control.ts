import { loadObject, type LoadResult, type SluiceConfig } from '@sluice/config';
import {
  SluiceError,
  type BalancerView,
  type Control,
  type DialEvent,
  type Endpoint,
  type InboundUsers,
  type InboundView,
  type OutboundView,
  type ReloadReport,
  type RouteAnswer,
  type RouteEvent,
  type RouteQuestion,
  type RuleView,
  type SessionView,
} from '@sluice/plugin-api';
import type { Composition } from '../composition.js';
import type { InboundWorker } from '../inbound/inbound-worker.js';
import type { Roster } from '../reload/roster.js';
import { endSessionsOf } from '../reload/revocation.js';

/** What the instance lends its control. */
export interface ControlledInstance {
  config(): SluiceConfig;
  /** Goes over to another configuration, after the changes before it. */
  change(next: (config: SluiceConfig) => SluiceConfig): Promise<ReloadReport>;
  reload(): Promise<ReloadReport>;
}

const NOWHERE: Endpoint = { address: '127.0.0.1', port: 0 };

/** The running instance as services and commands see it. */
export class InstanceControl implements Control {
  readonly startedAt = Date.now();
  readonly #parts: Composition;
  readonly #roster: Roster;
  readonly #instance: ControlledInstance;

  constructor(parts: Composition, roster: Roster, instance: ControlledInstance) {
    this.#parts = parts;
    this.#roster = roster;
    this.#instance = instance;
  }

  inbounds(): readonly InboundView[] {
    return [...this.#roster.inbounds.values()];
  }

  outbounds(): readonly OutboundView[] {
    return this.#parts.outbounds.configured;
  }

  balancers(): readonly BalancerView[] {
    return this.#parts.balancers.views();
  }

  rules(): readonly RuleView[] {
    return this.#instance.config().routing.rules;
  }

  sessions(): Iterable<SessionView> {
    return this.#parts.sessions;
  }

  session(id: number): SessionView | undefined {
    for (const session of this.#parts.sessions) if (session.id === id) return session;
    return undefined;
  }

  traffic(): { readonly uplink: number; readonly downlink: number } {
    return this.#parts.sessions.traffic();
  }

  async addInbound(entry: object): Promise<void> {
    const [inbound] = this.#read({ inbounds: [entry] }).inbounds;
    if (inbound === undefined) throw new SluiceError('E_CONFIG_INVALID', 'the entry is no inbound');
    await this.#instance.change((config) => {
      if (config.inbounds.some(({ tag }) => tag === inbound.tag))
        throw new SluiceError('E_EXISTS', `there is an inbound "${inbound.tag}" already`);
      return { ...config, inbounds: [...config.inbounds, inbound] };
    });
  }

  async removeInbound(tag: string): Promise<void> {
    await this.#instance.change((config) => {
      const inbounds = config.inbounds.filter((inbound) => inbound.tag !== tag);
      if (inbounds.length === config.inbounds.length) throw notFound('inbound', tag);
      return { ...config, inbounds };
    });
  }

  async addOutbound(entry: object): Promise<void> {
    const [outbound] = this.#read({ outbounds: [entry] }).outbounds;
    if (outbound === undefined) throw new SluiceError('E_CONFIG_INVALID', 'the entry is no outbound');
    await this.#instance.change((config) => {
      if (this.#parts.outbounds.find(outbound.tag) !== undefined)
        throw new SluiceError('E_EXISTS', `there is an outbound "${outbound.tag}" already`);
      return { ...config, outbounds: [...config.outbounds, outbound] };
    });
  }

  async removeOutbound(tag: string): Promise<void> {
    await this.#instance.change((config) => {
      const outbounds = config.outbounds.filter((outbound) => outbound.tag !== tag);
      if (outbounds.length === config.outbounds.length) throw notFound('outbound', tag);
      if (outbounds.length === 0)
        throw new SluiceError('E_IN_USE', `"${tag}" is the last outbound: connections would lead nowhere`);
      const through = outbounds.find(({ via }) => via === tag);
      if (through !== undefined)
        throw new SluiceError('E_IN_USE', `the outbound "${through.tag}" dials through "${tag}"`);
      const fallback = config.routing.balancers.find(({ fallbackTag }) => fallbackTag === tag);
      if (fallback !== undefined)
        throw new SluiceError('E_IN_USE', `the balancer "${fallback.tag}" falls back on "${tag}"`);
      return { ...config, outbounds };
    });
  }

  addUser(inboundTag: string, user: object): void {
    this.#users(inboundTag).add(user);
  }

  removeUser(inboundTag: string, email: string): number {
    if (!this.#users(inboundTag).remove(email)) throw notFound('user', email);
    return endSessionsOf(this.#parts.sessions, inboundTag, [email]);
  }

  overrideBalancer(tag: string, outboundTag: string | undefined): void {
    this.#parts.balancers.override(tag, outboundTag);
  }

  async route(question: RouteQuestion): Promise<RouteAnswer> {
    const { inboundTag, network, target, source = NOWHERE, user, protocol, attributes } = question;
    const { router, routes } = this.#parts;
    const decision = await router.pick({ inboundTag, network, target, source, user, protocol, attributes });
    const balancerTag = decision.outboundTag === undefined ? decision.balancerTag : undefined;
    return { outboundTag: routes.outboundOf(decision).tag, balancerTag, ruleIndex: decision.ruleIndex };
  }

  onRoute(listener: (event: RouteEvent) => void): () => void {
    return this.#parts.routes.decisions.subscribe(listener);
  }

  onDial(listener: (event: DialEvent) => void): () => void {
    return this.#parts.dials.subscribe(listener);
  }

  onSessionEnd(listener: (session: SessionView, error: SluiceError | undefined) => void): () => void {
    return this.#parts.sessions.ends.subscribe(({ session, error }) => listener(session, error));
  }

  reload(): Promise<ReloadReport> {
    return this.#instance.reload();
  }

  #users(inboundTag: string): InboundUsers {
    const inbound: InboundWorker | undefined = this.#roster.inbounds.get(inboundTag);
    if (inbound === undefined) throw notFound('inbound', inboundTag);
    if (inbound.users !== undefined) return inbound.users;
    throw new SluiceError(
      'E_UNSUPPORTED',
      `the users of "${inboundTag}" (${inbound.protocol}) cannot be changed while it runs`,
    );
  }

  /** @throws SluiceError E_CONFIG_INVALID */
  #read(part: object): SluiceConfig {
    const { outbounds, contributions } = this.#parts;
    const { plugins } = contributions;
    const knownOutbounds = outbounds.configured.map(({ tag }) => tag);
    const { config, diagnostics }: LoadResult = loadObject(part, { plugins, knownOutbounds });
    if (config !== undefined) return config;
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    throw new SluiceError(
      'E_CONFIG_INVALID',
      errors.map(({ pointer, message }) => `${pointer}: ${message}`).join('; '),
    );
  }
}

function notFound(noun: string, name: string): SluiceError {
  return new SluiceError('E_NOT_FOUND', `there is no ${noun} "${name.slice(0, 64)}"`);
}
