export * from './black-hole.js';
export * from './conformance/index.js';
export * from './fake-dc/index.js';
export * from './fake-middle-proxy/index.js';
export * from './mtproto-client/index.js';
export * from './harness/inbound-host.js';
export * from './harness/outbound-host.js';
export * from './harness/services.js';
