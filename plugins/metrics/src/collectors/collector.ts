import type { ServiceContext } from '@sluice/plugin-api';
import type { Registry } from 'prom-client';
import type { Labels } from '../labels.js';
import type { MetricsSettings } from '../schema.js';

export interface CollectorContext {
  readonly registry: Registry;
  readonly service: ServiceContext<MetricsSettings>;
  readonly labels: Labels;
  readonly version: string;
}

/** Adds metrics to the registry. @returns stops what it has started, if anything */
export type Collector = (context: CollectorContext) => (() => void) | void;
