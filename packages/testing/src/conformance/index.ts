export { conformance } from './conformance.js';
export { layered, type LayerSettings } from './layered.js';
export { loneOutboundConformance } from './lone-outbound.js';
export type { Abilities, Beyond, ConformanceCase, Hop, LastOutbound } from './subject.js';
