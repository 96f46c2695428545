export * from './client-hello.js';
export { changeCipherSpec, encodeRecords, RecordReader } from './records.js';
export { FakeTlsError, readServerFlight, type ServerFlight } from './server-flight.js';
export type { FakeTlsLayer, FakeTlsOptions } from './layer.js';
