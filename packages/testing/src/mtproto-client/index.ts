export * from './client.js';
export * from './fake-tls/index.js';
