export { conformance } from './conformance.js';
export { loneOutboundConformance } from './lone-outbound.js';
export type { Abilities, Beyond, ConformanceCase, Hop, LastOutbound } from './subject.js';
