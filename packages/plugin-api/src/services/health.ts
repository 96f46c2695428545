/** What probes have found of an outbound. Times in ms; `at` values as of Date.now(). */
export interface OutboundHealth {
  /** Whether those who probe it take it to work: one lost probe need not mean that it does not. */
  readonly alive: boolean;
  /** The last round trip, or the average where several are kept; undefined if none succeeded yet. */
  readonly delay: number | undefined;
  /** The standard deviation of the round trips that are kept. */
  readonly deviation?: number | undefined;
  /** The shortest round trip of those that are kept. */
  readonly min?: number | undefined;
  /** The longest round trip of those that are kept. */
  readonly max?: number | undefined;
  /** How many probes are kept. */
  readonly samples: number;
  /** How many of the kept probes failed. */
  readonly failures: number;
  /** When it was probed last. */
  readonly lastTryAt: number;
  /** When a probe succeeded last. */
  readonly lastSeenAt: number | undefined;
  /** Why the last probe failed. */
  readonly lastError?: string | undefined;
}

/** What is known of the outbounds' condition: an observatory reports, balancers and interfaces ask. */
export interface Health {
  /** Undefined if nobody has probed it. */
  of(outboundTag: string): OutboundHealth | undefined;
  /** What is known, by the tags of outbounds. */
  all(): ReadonlyMap<string, OutboundHealth>;
  /** Undefined takes back what was reported. */
  report(outboundTag: string, health: OutboundHealth | undefined): void;
}
