export * from './connection.js';
export * from './fake-dc.js';
export * from './framing.js';
export * from './obfuscation.js';
export * from './pattern.js';
export * from './res-pq.js';
