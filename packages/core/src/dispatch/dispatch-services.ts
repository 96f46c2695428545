import type { DataPlane, DialEvent, Logger, Policy } from '@sluice/plugin-api';
import type { Feed } from '../control/feed.js';
import type { AccessLog } from '../log/access-log.js';
import type { TrafficCounters } from '../stats/traffic-counters.js';
import type { RouteChooser } from './route-chooser.js';
import type { SessionTable } from './session-table.js';

/** What the TCP and the packet dispatchers of an instance share. */
export interface DispatchServices {
  readonly routes: RouteChooser;
  readonly policy: Policy;
  readonly plane: DataPlane;
  readonly sessions: SessionTable;
  readonly traffic: TrafficCounters;
  readonly accessLog: AccessLog;
  readonly dials: Feed<DialEvent>;
  /** The log of an inbound or service by its tag. */
  readonly logger: (scope: string) => Logger;
}
