import {
  formatDestination,
  formatEndpoint,
  type Destination,
  type RelayEnd,
  type SluiceError,
} from '@sluice/plugin-api';
import type { FlowSession } from '../dispatch/flow-session.js';
import { printable } from './log-line.js';
import type { Logs } from './logs.js';

/** How a connection or UDP flow ended. */
export interface Outcome {
  readonly uplink: number;
  readonly downlink: number;
  readonly end: RelayEnd | 'rejected' | 'handled';
  readonly error?: SluiceError | undefined;
}

/**
 * One line per connection, V2Ray's up to the outbound tag:
 * `SOURCE accepted|rejected TARGET [IN -> OUT] email: … rule: N up: BYTES down: BYTES time: MS end: WHY`.
 */
export class AccessLog {
  readonly #logs: Logs;
  readonly #events;

  constructor(logs: Logs) {
    this.#logs = logs;
    this.#events = logs.logger('access');
  }

  /** Whether lines are written that name a connection's source. */
  get namesSources(): boolean {
    return this.#logs.accessEnabled || this.#logs.wants('info');
  }

  /** @param refused one of a flow's destinations, if the line is about that alone */
  record(session: FlowSession, outcome: Outcome, refused?: Destination): void {
    const { error } = outcome;
    if (error !== undefined && this.#events.debugEnabled) {
      this.#events.debug(`connection ${session.id} ended`, { code: error.code, reason: error.message });
    }
    if (!this.#logs.accessEnabled) return;
    const verdict = outcome.end === 'rejected' ? 'rejected' : 'accepted';
    const to = refused ?? session.target;
    const target = to === undefined ? '-' : formatDestination(to);
    const outbound = refused === undefined ? session.outboundTag : undefined;
    const way = `[${session.inboundTag} -> ${outbound ?? '-'}]`;
    const parts = [formatEndpoint(session.source), verdict, target, way];
    if (session.user?.email !== undefined) parts.push(`email: ${session.user.email}`);
    parts.push(`rule: ${session.ruleIndex ?? '-'}`, `up: ${outcome.uplink}`, `down: ${outcome.downlink}`);
    parts.push(`time: ${Date.now() - session.startedAt}ms`, `end: ${outcome.end}`);
    if (error !== undefined) parts.push(`(${error.code}: ${error.message})`);
    this.#logs.access(printable(parts.join(' ')));
  }
}
