import type { RelayTimeouts } from '@sluice/net';

/** What a policy level allows its connections; times in ms. */
export interface LevelPolicy extends RelayTimeouts {
  /** From accept to the end of the inbound's handshake; also the bound of an outbound's. */
  readonly handshake: number;
  /** Whether what users send is counted for each of them. */
  readonly statsUserUplink: boolean;
  /** Whether what users receive is counted for each of them. */
  readonly statsUserDownlink: boolean;
}

/** What the configuration allows connections, by level. */
export interface Policy {
  /** The level's values, or the defaults where the level does not set them. */
  level(level: number): LevelPolicy;
}
