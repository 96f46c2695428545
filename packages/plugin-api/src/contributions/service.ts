import type { DataPlane, Resolver } from '@sluice/net';
import type { Control } from '../services/control.js';
import type { Dispatcher } from '../services/dispatcher.js';
import type { Dns } from '../services/dns.js';
import type { Health } from '../services/health.js';
import type { Logger } from '../services/logger.js';
import type { LogFeed } from '../services/logs.js';
import type { Policy } from '../services/policy.js';
import type { Stats } from '../services/stats.js';
import type { Injector } from '../tokens.js';
import type { AssetFiles } from './asset-files.js';
import type { Outbound } from './outbound.js';
import type { ProblemReporter, TSchema } from './schema.js';

/** A kind of service: what a key at the top of the configuration names, such as "api". */
export interface ServiceContribution<S = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema of the key's value. */
  readonly schema: TSchema;
  /** Whether it probes outbounds and reports their health: some balancers need one that does. */
  readonly reportsHealth?: boolean;
  /** Finds what a schema cannot say; `names` are those of all plugins. */
  check?(settings: S, problems: ProblemReporter, assets: AssetFiles, names: ContributedNames): void;
  /** Tags under which rules lead connections to it, as to an outbound. */
  outboundTags?(settings: S): readonly string[];
  /** Tags that connections of its own have as their inbound's. */
  inboundTags?(settings: S): readonly string[];
  /** Constructs without side effects; resources are taken in `start`. */
  create(context: ServiceContext<S>): Service;
}

/** Names that plugins contribute, for a check of settings that refer to them. */
export interface ContributedNames {
  /** Schemes of DNS servers' addresses. */
  readonly dnsServers: readonly string[];
}

/** A part of the instance that is there as long as it runs. */
export interface Service {
  /** By the tags that `outboundTags` named. */
  readonly outbounds?: Readonly<Record<string, Outbound>>;
  /** Takes resources; a rejection ends the start of the instance, or the change of it that was to bring this in. */
  start?(): void | Promise<void>;
  /** Safe after a start that failed half-way, and twice. */
  close?(): void | Promise<void>;
  /** Lines to show a person once it runs, such as where it listens. */
  announce?(): readonly string[];
}

/** What a service is given; `get` reaches any other service by its token. */
export interface ServiceContext<S = unknown> extends Injector {
  /** The key that it is configured by. */
  readonly key: string;
  /** Validated and frozen. */
  readonly settings: Readonly<S>;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly control: Control;
  readonly health: Health;
  readonly logs: LogFeed;
  readonly dns: Dns;
  readonly resolver: Resolver;
  readonly policy: Policy;
  readonly stats: Stats;
  readonly plane: DataPlane;
  /** Data files that the settings name, as in `check`; to be read by `create` or never. */
  readonly assets: AssetFiles;
  /** Makes this the instance's DNS until the service is closed; for a service that resolves names. */
  useDns(dns: Dns): void;
}

/** Keeps the settings' type while the registry forgets it. */
export function defineService<S>(contribution: ServiceContribution<S>): ServiceContribution {
  return contribution;
}
