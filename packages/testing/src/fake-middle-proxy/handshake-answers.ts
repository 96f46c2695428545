import { randomBytes } from 'node:crypto';
import type { MiddleProxyFaults } from './faults.js';
import { acceptNonce, decodeHandshake, encodeHandshake, encodeNonce, type HandshakePacket } from './handshake.js';
import type { RpcEndpoint } from './ip-address.js';
import { createCiphers, type CipherPair } from './keys.js';
import { aesSchema, operation } from './operations.js';
import { encodeProcessId, type ProcessId } from './process-id.js';

export interface Parties {
  readonly secret: Buffer;
  readonly server: RpcEndpoint;
  readonly client: RpcEndpoint;
}

/** The answer to the client's nonce, and the ciphers that both sides use from then on; none after an error. */
export function answerNonce(
  body: Buffer,
  parties: Parties,
  self: ProcessId,
  fault: MiddleProxyFaults['nonce'],
): { readonly answer: Buffer; readonly ciphers?: CipherPair } {
  const { secret, server, client } = parties;
  const now = Math.floor(Date.now() / 1000);
  const offer = acceptNonce(body, secret, now);
  if (fault === 'error') return { answer: handshakeError(self) };
  const nonce = randomBytes(16);
  const answer = encodeNonce({
    selector: fault === 'other-selector' ? Buffer.from(secret.subarray(4, 8)) : offer.selector,
    schema: fault === 'other-schema' ? 0 : aesSchema,
    timestamp: fault === 'old' ? now - 3600 : now,
    nonce,
  });
  const material = { serverNonce: nonce, clientNonce: offer.nonce, timestamp: offer.timestamp, server, client, secret };
  return { answer: shortened(answer, fault), ciphers: createCiphers('server', material) };
}

/** The answer to the client's handshake, and what the client said of itself. */
export function answerHandshake(
  body: Buffer,
  self: ProcessId,
  fault: MiddleProxyFaults['handshake'],
): { readonly answer: Buffer; readonly packet: HandshakePacket; readonly isRefused: boolean } {
  const packet = decodeHandshake(body);
  if (fault === 'error') return { answer: handshakeError(self), packet, isRefused: true };
  const peer = fault === 'other-peer' ? { ...packet.sender, pid: packet.sender.pid ^ 1 } : packet.sender;
  const answer = encodeHandshake({ flags: 0, sender: self, peer });
  return { answer: shortened(answer, fault), packet, isRefused: false };
}

function shortened(answer: Buffer, fault: string | undefined): Buffer {
  return fault === 'short' ? answer.subarray(0, -4) : answer;
}

function handshakeError(self: ProcessId): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(operation.handshakeError);
  // The code of a process id that does not match.
  body.writeInt32LE(-4, 4);
  return Buffer.concat([body, encodeProcessId(self)]);
}
