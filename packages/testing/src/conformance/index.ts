export { conformance } from './conformance.js';
export type { Abilities, ConformanceCase, Hop } from './subject.js';
