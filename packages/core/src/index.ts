export { corePlugin } from './core-plugin.js';
export { createInstance } from './create-instance.js';
export {
  Instance,
  type CloseOptions,
  type InboundStatus,
  type InstanceOptions,
  type SourcedConfig,
} from './instance.js';
export type { Listening } from './inbound/port-set.js';
export type { LogTargets } from './log/log-sink.js';
export type { Explanation, ExplanationStep, ResolveStep, RuleStep } from './routing/explanation.js';
export type { RouteSubject } from './routing/route-subject.js';
export type { RouteDecision, Router } from './routing/router.js';
export { routerOf, type RouterOfOptions } from './routing/router-of.js';
