/** What probes have found of an outbound. Times in ms; `at` values as of Date.now(). */
export interface OutboundHealth {
  readonly alive: boolean;
  /** The last round trip, or the average where several are kept; undefined if none succeeded yet. */
  readonly delay: number | undefined;
  /** The standard deviation of the round trips that are kept. */
  readonly deviation?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** How many probes are kept, and how many of them failed. */
  readonly samples: number;
  readonly failures: number;
  readonly lastTryAt: number;
  readonly lastSeenAt: number | undefined;
  /** Why the last probe failed. */
  readonly lastError?: string | undefined;
}

/** What is known of the outbounds' condition: an observatory reports, balancers and interfaces ask. */
export interface Health {
  /** Undefined if nobody has probed it. */
  of(outboundTag: string): OutboundHealth | undefined;
  all(): ReadonlyMap<string, OutboundHealth>;
  /** Undefined takes back what was reported. */
  report(outboundTag: string, health: OutboundHealth | undefined): void;
}
