import type { DataPlane, Policy } from '@sluice/plugin-api';
import type { AccessLog } from '../log/access-log.js';
import type { OutboundTable } from '../outbound/outbound-table.js';
import type { Router } from '../routing/router.js';
import type { TrafficCounters } from '../stats/traffic-counters.js';
import type { SessionTable } from './session-table.js';

/** What the TCP and the packet dispatchers of an instance share. */
export interface DispatchServices {
  readonly router: Router;
  readonly outbounds: OutboundTable;
  readonly policy: Policy;
  readonly plane: DataPlane;
  readonly sessions: SessionTable;
  readonly traffic: TrafficCounters;
  readonly accessLog: AccessLog;
}
