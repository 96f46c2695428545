import type { ConfiguredInbound } from '../mtproto-inbounds.js';
import type { ClockReadings } from './clock-readings.js';
import type { DirectNetwork } from './direct-network.js';
import type { OwnAddresses } from './own-addresses.js';

/** What the checks of one run share. */
export interface Examination {
  readonly inbounds: readonly ConfiguredInbound[];
  readonly network: DirectNetwork;
  readonly own: OwnAddresses;
  readonly readings: ClockReadings;
  /** Certificates (PEM) to trust instead of the well-known authorities. */
  readonly authorities?: string | undefined;
}
