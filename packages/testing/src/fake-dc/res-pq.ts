import { randomBytes } from 'node:crypto';

/** The first request of every MTProto key exchange. */
export interface PqRequest {
  readonly method: 'req_pq' | 'req_pq_multi';
  /** 16 bytes. */
  readonly nonce: Buffer;
}

/** The answer to it. */
export interface ResPq {
  /** The client's nonce, 16 bytes. */
  readonly nonce: Buffer;
  /** 16 bytes. */
  readonly serverNonce: Buffer;
  /** The product to factor, big-endian. */
  readonly pq: Buffer;
  /** The RSA keys that the server has. */
  readonly fingerprints: readonly bigint[];
}

const constructors = { req_pq: 0x60469778, req_pq_multi: 0xbe7e8ef1, resPQ: 0x05162463, vector: 0x1cb5c415 };
const envelopeLength = 20;
/** What every resPQ gives to factor: 1244159563 * 1558201013, two primes of 31 bits, as the real servers send them. */
export const defaultPq = Buffer.from('1ae778884c7a0107', 'hex');

export function encodePqRequest(request: PqRequest): Buffer {
  const body = Buffer.alloc(20);
  body.writeUInt32LE(constructors[request.method]);
  request.nonce.copy(body, 4);
  return wrap(body, 0n);
}

/** undefined: the message is something else. */
export function decodePqRequest(message: Buffer): PqRequest | undefined {
  const body = unwrap(message);
  if (body === undefined || body.length < 20) return undefined;
  const id = body.readUInt32LE();
  const method = (['req_pq', 'req_pq_multi'] as const).find((name) => constructors[name] === id);
  return method === undefined ? undefined : { method, nonce: Buffer.from(body.subarray(4, 20)) };
}

/** A plausible answer: it carries the client's nonce and the given key fingerprint. */
export function answerPqRequest(request: PqRequest, fingerprint: bigint, serverNonce = randomBytes(16)): Buffer {
  const body = Buffer.alloc(64);
  body.writeUInt32LE(constructors.resPQ, 0);
  request.nonce.copy(body, 4);
  serverNonce.copy(body, 20);
  body.writeUInt8(defaultPq.length, 36);
  defaultPq.copy(body, 37);
  body.writeUInt32LE(constructors.vector, 48);
  body.writeUInt32LE(1, 52);
  body.writeBigUInt64LE(fingerprint, 56);
  return wrapAnswer(body);
}

/** undefined: the message is something else. */
export function decodeResPq(message: Buffer): ResPq | undefined {
  const body = unwrap(message);
  if (body === undefined || body.length < 56 || body.readUInt32LE() !== constructors.resPQ) return undefined;
  const pq = Buffer.from(body.subarray(37, 37 + body.readUInt8(36)));
  const count = body.readUInt32LE(52);
  if (body.readUInt32LE(48) !== constructors.vector || body.length < 56 + 8 * count) return undefined;
  return {
    nonce: Buffer.from(body.subarray(4, 20)),
    serverNonce: Buffer.from(body.subarray(20, 36)),
    pq,
    fingerprints: Array.from({ length: count }, (_, index) => body.readBigUInt64LE(56 + 8 * index)),
  };
}

/** An unencrypted message from the server: ids of answers to a client's request are 1 modulo 4. */
export function wrapAnswer(body: Buffer): Buffer {
  return wrap(body, 1n);
}

/** The envelope of an unencrypted message: key id 0, message id (unix time in its upper half), length. */
function wrap(body: Buffer, idModulo4: bigint): Buffer {
  const envelope = Buffer.alloc(envelopeLength);
  envelope.writeBigUInt64LE(((BigInt(Date.now()) << 32n) / 1000n / 4n) * 4n + idModulo4, 8);
  envelope.writeUInt32LE(body.length, 16);
  return Buffer.concat([envelope, body]);
}

/** The body of an unencrypted message; undefined when it is none. */
export function unwrap(message: Buffer): Buffer | undefined {
  if (message.length < envelopeLength || message.readBigUInt64LE() !== 0n) return undefined;
  const length = message.readUInt32LE(16);
  return message.length < envelopeLength + length
    ? undefined
    : message.subarray(envelopeLength, envelopeLength + length);
}
