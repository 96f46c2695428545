import type { Network } from '@sluice/plugin-api';

/** Inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A layer that a plugin brings for `streamSettings`. */
export interface LayerConfig {
  readonly kind: 'securities' | 'transports';
  readonly name: string;
  /** As its schema describes them. */
  readonly settings: unknown;
}

export interface StreamSettings {
  /** Unix socket path for `ds`; "@name" is abstract. */
  readonly path?: string | undefined;
  /** From the socket upwards. Undefined: none. */
  readonly layers?: readonly LayerConfig[] | undefined;
}

/** What is looked for in a connection's first bytes, and what becomes of it. */
export interface SniffingConfig {
  /** The protocols whose name takes the place of the target. */
  readonly destOverride: readonly string[];
  /** Names that never do; lower-case. */
  readonly domainsExcluded: readonly string[];
  /** No bytes are looked at, only the target (made-up addresses). */
  readonly metadataOnly: boolean;
  /** The name serves the rules; the connection is made to the target that was asked for. */
  readonly routeOnly: boolean;
}

export interface InboundConfig {
  /** As configured, or "protocol:port" made up where none is, so that logs can name it. */
  readonly tag: string;
  readonly tagged: boolean;
  readonly protocol: string;
  readonly listen: string;
  /** Empty for Unix sockets. */
  readonly ports: readonly PortRange[];
  readonly settings: unknown;
  /** Undefined without layers: where it listens is in `listen`. */
  readonly stream?: StreamSettings | undefined;
  /** Undefined where it is off. */
  readonly sniffing?: SniffingConfig | undefined;
}

export interface OutboundConfig {
  readonly tag: string;
  readonly tagged: boolean;
  readonly protocol: string;
  readonly settings: unknown;
  readonly sendThrough?: string | undefined;
  /** `proxySettings.tag`: the outbound that this one dials through. */
  readonly via?: string | undefined;
  readonly stream?: StreamSettings | undefined;
}

export interface RuleConfig {
  readonly type: string;
  /** Undefined if a balancer chooses the outbound. */
  readonly outboundTag: string | undefined;
  /** Undefined beside an `outboundTag`. */
  readonly balancerTag: string | undefined;
  /** The operator's name for the rule. */
  readonly ruleTag?: string | undefined;
  /** The rule's own fields, as its type's schema describes them. */
  readonly fields: unknown;
}

export interface RoutingConfig {
  readonly domainStrategy: 'AsIs' | 'IPIfNonMatch' | 'IPOnDemand';
  readonly rules: readonly RuleConfig[];
  readonly balancers: readonly BalancerConfig[];
}

/** A group of outbounds to choose from. */
export interface BalancerConfig {
  readonly tag: string;
  /** Prefixes of the members' tags. */
  readonly selector: readonly string[];
  readonly strategy: {
    readonly type: string;
    /** As the strategy's schema describes them. */
    readonly settings: unknown;
  };
  /** The outbound that is used when no member is fit. */
  readonly fallbackTag?: string | undefined;
}

/** Times in seconds, as V2Ray writes them; undefined where the file is silent. */
export interface LevelConfig {
  readonly handshake?: number | undefined;
  readonly connIdle?: number | undefined;
  readonly uplinkOnly?: number | undefined;
  readonly downlinkOnly?: number | undefined;
  readonly statsUserUplink?: boolean | undefined;
  readonly statsUserDownlink?: boolean | undefined;
}

export interface PolicyConfig {
  readonly levels: Readonly<Record<string, LevelConfig>>;
  readonly system: {
    readonly statsInboundUplink: boolean;
    readonly statsInboundDownlink: boolean;
    readonly statsOutboundUplink: boolean;
    readonly statsOutboundDownlink: boolean;
  };
}

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'none';

export interface LogConfig {
  /** A file's path, "" for the console, "none" for nowhere. */
  readonly access: string;
  readonly error: string;
  readonly loglevel: LogLevel;
}

/** A configuration after reading, merging and validation: plain, complete and deeply frozen. */
export interface SluiceConfig {
  readonly log: LogConfig;
  readonly inbounds: readonly InboundConfig[];
  readonly outbounds: readonly OutboundConfig[];
  readonly routing: RoutingConfig;
  readonly policy: PolicyConfig;
  /** Whether `stats` is present: without it nothing is counted. */
  readonly stats: boolean;
  /** The settings of the services that are configured, by their keys at the top of the file. */
  readonly services: Readonly<Record<string, unknown>>;
  /** Where geo files and the like are looked for, in order. */
  readonly assetFolders: readonly string[];
}

/** With an error nothing runs; `info` is for what may well be meant so. */
export type Severity = 'error' | 'warning' | 'info';

/** A place in a file; line and column count from 1, the column in UTF-16 units. */
export interface SourceRange {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Another place that a problem concerns. */
export interface RelatedPlace {
  /** What is there. */
  readonly message: string;
  readonly pointer: string;
  readonly range?: SourceRange | undefined;
}

/** One problem of a configuration. Secret values never appear in it. */
export interface Diagnostic {
  /** A stable code of the diagnostics catalogue. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** "/inbounds/0/port" (RFC 6901), in the spelling of the file. */
  readonly pointer: string;
  readonly range?: SourceRange | undefined;
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly suggestion?: string | undefined;
  /** Where else one has to look: the other of two places that do not go together. */
  readonly related?: readonly RelatedPlace[] | undefined;
}

export interface LoadResult {
  /** Absent if a diagnostic is an error. */
  readonly config?: SluiceConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Where each rule of `config.routing.rules` stands, as far as it comes from a text. */
  readonly ruleRanges?: readonly (SourceRange | undefined)[] | undefined;
}

/** Networks that an inbound may listen on, in V2Ray's spelling. */
export type { Network };
