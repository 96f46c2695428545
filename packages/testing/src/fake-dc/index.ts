export * from './auth-key/index.js';
export * from './connection.js';
export * from './fake-dc.js';
export * from './framing.js';
export * from './obfuscation.js';
export * from './pattern.js';
export {
  answerPqRequest,
  decodePqRequest,
  decodeResPq,
  encodePqRequest,
  type PqRequest,
  type ResPq,
} from './res-pq.js';
