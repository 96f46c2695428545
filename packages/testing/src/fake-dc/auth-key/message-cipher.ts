import { createHash, randomBytes } from 'node:crypto';
import { decryptIge, encryptIge } from './ige.js';

/** Who wrote a message: each side derives its keys from another part of the authorization key. */
export type Writer = 'client' | 'server';

/** What an encrypted MTProto 2.0 message holds (core.telegram.org/mtproto/description). */
export interface Message {
  readonly salt: bigint;
  readonly session: bigint;
  readonly id: bigint;
  readonly sequence: number;
  readonly body: Buffer;
}

const keyIdLength = 8;
const messageKeyLength = 16;
const headLength = 32;
const leastPadding = 12;
const mostPadding = 1024;

/** The lower 64 bits of the SHA-1 of an authorization key. */
export function keyIdOf(authKey: Uint8Array): bigint {
  return createHash('sha1').update(authKey).digest().readBigUInt64LE(12);
}

/** `padding`: at least 12 bytes, which fill the last block; random ones by default. */
export function sealMessage(authKey: Buffer, writer: Writer, message: Message, padding?: Uint8Array): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeBigUInt64LE(BigInt.asUintN(64, message.salt), 0);
  head.writeBigUInt64LE(BigInt.asUintN(64, message.session), 8);
  head.writeBigUInt64LE(BigInt.asUintN(64, message.id), 16);
  head.writeUInt32LE(message.sequence, 24);
  head.writeUInt32LE(message.body.length, 28);
  const filling = padding ?? randomBytes(leastPadding + (-(headLength + message.body.length + leastPadding) & 15));
  const plain = Buffer.concat([head, message.body, filling]);
  const messageKey = messageKeyOf(authKey, writer, plain);
  const { key, iv } = keysOf(authKey, writer, messageKey);
  const keyId = Buffer.alloc(keyIdLength);
  keyId.writeBigUInt64LE(keyIdOf(authKey));
  return Buffer.concat([keyId, messageKey, encryptIge(key, iv, plain)]);
}

/** @throws Error the key's id, the message key, the length or the padding is not what it has to be. */
export function openMessage(authKey: Buffer, writer: Writer, sealed: Buffer): Message {
  const start = keyIdLength + messageKeyLength;
  const length = sealed.length - start;
  if (length < headLength + leastPadding + 4 || length % 16 !== 0) {
    throw new Error(`an encrypted message of ${sealed.length} bytes`);
  }
  if (sealed.readBigUInt64LE() !== keyIdOf(authKey)) throw new Error('a message under another authorization key');
  const messageKey = sealed.subarray(keyIdLength, start);
  const { key, iv } = keysOf(authKey, writer, messageKey);
  const plain = decryptIge(key, iv, sealed.subarray(start));
  if (!messageKeyOf(authKey, writer, plain).equals(messageKey)) throw new Error('the message key does not fit');
  const bodyLength = plain.readUInt32LE(28);
  const padding = plain.length - headLength - bodyLength;
  if (bodyLength % 4 !== 0 || padding < leastPadding || padding > mostPadding) {
    throw new Error(`a body of ${bodyLength} bytes with ${padding} bytes of padding`);
  }
  return {
    salt: plain.readBigUInt64LE(0),
    session: plain.readBigUInt64LE(8),
    id: plain.readBigUInt64LE(16),
    sequence: plain.readUInt32LE(24),
    body: plain.subarray(headLength, headLength + bodyLength),
  };
}

function messageKeyOf(authKey: Buffer, writer: Writer, plain: Buffer): Buffer {
  const from = 88 + offsetOf(writer);
  const part = authKey.subarray(from, from + 32);
  return createHash('sha256').update(part).update(plain).digest().subarray(8, 24);
}

function keysOf(authKey: Buffer, writer: Writer, messageKey: Buffer): { key: Buffer; iv: Buffer } {
  const x = offsetOf(writer);
  const a = createHash('sha256')
    .update(messageKey)
    .update(authKey.subarray(x, x + 36))
    .digest();
  const b = createHash('sha256')
    .update(authKey.subarray(x + 40, x + 76))
    .update(messageKey)
    .digest();
  return {
    key: Buffer.concat([a.subarray(0, 8), b.subarray(8, 24), a.subarray(24)]),
    iv: Buffer.concat([b.subarray(0, 8), a.subarray(8, 24), b.subarray(24)]),
  };
}

function offsetOf(writer: Writer): number {
  return writer === 'client' ? 0 : 8;
}
