export * from './key-exchange.js';
export * from './rsa-key.js';
export type * from './rsa-padding.js';
export type * from './session.js';
