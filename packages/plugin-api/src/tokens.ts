import type { DataPlane, Resolver } from '@sluice/net';
import type { Dialer } from './services/dialer.js';
import type { Control } from './services/control.js';
import type { Dispatcher, PacketDispatcher } from './services/dispatcher.js';
import type { Dns } from './services/dns.js';
import type { Health } from './services/health.js';
import type { Logger } from './services/logger.js';
import type { LogFeed } from './services/logs.js';
import type { Policy } from './services/policy.js';
import type { Stats } from './services/stats.js';

/** Names a service of an instance or of a handler for injection. */
export interface Token<T> {
  /** The same in every copy of this package. */
  readonly id: symbol;
  /** For error messages. */
  readonly name: string;
  /** Carries the type only. */
  readonly type?: T;
}

/** Makes the token of a service; the same name is the same token, in every copy of this package. */
export function token<T>(name: string): Token<T> {
  // Symbol.for: two copies of this package in one process still mean the same service.
  return { id: Symbol.for(`sluice.${name}`), name };
}

/** What a handler can ask its context for. Those marked (handler) differ from handler to handler. */
export const tokens = {
  /** (handler) The handler's tag. */
  tag: token<string>('tag'),
  /** (handler) The validated, frozen settings. */
  settings: token<unknown>('settings'),
  /** (handler) A log with the tag on every line. */
  logger: token<Logger>('logger'),
  /** (handler, outbounds only) */
  dialer: token<Dialer>('dialer'),
  /** (handler, inbounds only) */
  packets: token<PacketDispatcher>('packets'),
  dispatcher: token<Dispatcher>('dispatcher'),
  policy: token<Policy>('policy'),
  stats: token<Stats>('stats'),
  resolver: token<Resolver>('resolver'),
  plane: token<DataPlane>('plane'),
  dns: token<Dns>('dns'),
  health: token<Health>('health'),
  logs: token<LogFeed>('logs'),
  control: token<Control>('control'),
} as const;

/** The container as handlers see it. */
export interface Injector {
  /** @throws SluiceError E_REGISTRY_UNKNOWN if nothing provides the token here */
  get<T>(token: Token<T>): T;
}
