import type { Destination } from '@sluice/plugin-api';

/** Addresses of one data centre: at least one, the preferred one first. */
export type Addresses = readonly [Destination, ...Destination[]];
