export { compileRules, type CompiledRule } from './compile.js';
export { fieldRule, type FieldRuleFields } from './field-rule.js';
export type { RouteSubject } from './route-subject.js';
export { Router, type RouteDecision, type RouterOptions } from './router.js';
