import { aesSchema, operation } from './operations.js';
import { decodeProcessId, encodeProcessId, matchesProcessId, type ProcessId } from './process-id.js';

/** The first packet of either side, in the clear. */
export interface NoncePacket {
  /** The first 4 bytes of the secret. */
  readonly selector: Buffer;
  readonly schema: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** 16 bytes. */
  readonly nonce: Buffer;
}

/** The second packet of either side, the first enciphered one. */
export interface HandshakePacket {
  readonly flags: number;
  readonly sender: ProcessId;
  readonly peer: ProcessId;
}

/** A handshake that the middle proxy does not go along with. */
export class HandshakeRefusal extends Error {
  override readonly name = 'HandshakeRefusal';
}

const packetLength = 32;
/** How far the two clocks may be apart, in seconds. */
const clockTolerance = 30;
/** The handshake's flag by which a side offers CRC-32C; the lowest byte must be 0. */
const crc32cFlag = 0x800;

export function encodeNonce(packet: NoncePacket): Buffer {
  const body = Buffer.alloc(packetLength);
  body.writeUInt32LE(operation.nonce, 0);
  packet.selector.copy(body, 4);
  body.writeUInt32LE(packet.schema, 8);
  body.writeUInt32LE(packet.timestamp, 12);
  packet.nonce.copy(body, 16);
  return body;
}

function decodeNonce(body: Buffer): NoncePacket {
  check(body, operation.nonce, 'nonce');
  return {
    selector: Buffer.from(body.subarray(4, 8)),
    schema: body.readUInt32LE(8),
    timestamp: body.readUInt32LE(12),
    nonce: Buffer.from(body.subarray(16, 32)),
  };
}

export function encodeHandshake(packet: HandshakePacket): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(operation.handshake, 0);
  body.writeUInt32LE(packet.flags, 4);
  return Buffer.concat([body, encodeProcessId(packet.sender), encodeProcessId(packet.peer)]);
}

export function decodeHandshake(body: Buffer): HandshakePacket {
  check(body, operation.handshake, 'handshake');
  return {
    flags: body.readUInt32LE(4),
    sender: decodeProcessId(body.subarray(8, 20)),
    peer: decodeProcessId(body.subarray(20, 32)),
  };
}

/** @throws HandshakeRefusal for what no middle proxy accepts. `now` in seconds since 1970. */
export function acceptNonce(body: Buffer, secret: Uint8Array, now: number): NoncePacket {
  const packet = decodeNonce(body);
  if (!packet.selector.equals(secret.subarray(0, 4))) {
    throw new HandshakeRefusal('the key selector is not the first 4 bytes of the secret');
  }
  if (packet.schema !== aesSchema) throw new HandshakeRefusal(`the crypto schema ${packet.schema} was asked for`);
  const skew = packet.timestamp - now;
  if (Math.abs(skew) > clockTolerance) throw new HandshakeRefusal(`the client's clock is off by ${skew} seconds`);
  if (packet.nonce.every((byte) => byte === 0)) throw new HandshakeRefusal('the nonce is all zeros');
  return packet;
}

/** What is wrong with a handshake that a middle proxy may still live with. */
export function handshakeViolations(packet: HandshakePacket, own: ProcessId): string[] {
  const violations: string[] = [];
  if ((packet.flags & 0xff) !== 0)
    violations.push(`the handshake's flags ${packet.flags.toString(16)} have a low byte`);
  const unknown = (packet.flags & ~(crc32cFlag | 0xff)) >>> 0;
  if (unknown !== 0) violations.push(`the handshake has unknown flags ${unknown.toString(16)}`);
  if (!matchesProcessId(own, packet.peer)) {
    violations.push(`the handshake is meant for another process: ${JSON.stringify(packet.peer)}`);
  }
  return violations;
}

function check(body: Buffer, wanted: number, name: string): void {
  const found = body.length < 4 ? undefined : body.readUInt32LE();
  if (found !== wanted) throw new HandshakeRefusal(`operation ${String(found?.toString(16))} instead of the ${name}`);
  if (body.length !== packetLength) throw new HandshakeRefusal(`a ${name} packet of ${body.length} bytes`);
}
