export { corePlugin } from './core-plugin.js';
export { createInstance } from './create-instance.js';
export { Instance, type CloseOptions, type InboundStatus, type InstanceOptions } from './instance.js';
export type { Listening } from './inbound/inbound-worker.js';
export type { LogTargets } from './log/log-sink.js';
