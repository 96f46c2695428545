import type { InboundWorker } from '../inbound/inbound-worker.js';
import type { CompiledRule } from '../routing/compile.js';
import type { ServiceHandler } from '../services/service-handler.js';

/** The handlers that run now, beside the outbounds, which have a table of their own. */
export class Roster {
  inbounds: ReadonlyMap<string, InboundWorker> = new Map();
  services: ReadonlyMap<string, ServiceHandler> = new Map();
  rules: readonly CompiledRule[] = [];
  /** Replaced or removed, until the last of the connections of their time is over. */
  readonly retired = new Set<InboundWorker>();
}
