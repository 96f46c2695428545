import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { quicVersion, type PacketKeys, type QuicVersion } from './quic-keys.js';
import { VarintReader } from './varints.js';

const connectionIdLimit = 20;
const tagLength = 16;
/** The sample for the header's protection is where it would be if the packet number had 4 bytes (RFC 9001 5.4.2). */
const sampleOffset = 4;
const sampleLength = 16;

/** A packet with a long header (RFC 9000 17.2), still protected. */
export interface LongPacket {
  readonly version: QuicVersion;
  readonly isInitial: boolean;
  /** The destination's connection id. */
  readonly connectionId: Buffer;
  /** From the first byte of the header to the end of the payload. */
  readonly bytes: Buffer;
  /** Where in these the packet number begins. */
  readonly numberOffset: number;
}

/** The packets with long headers that one datagram begins with; others, and what is broken, end it. */
export function readLongPackets(datagram: Buffer, limit: number): LongPacket[] {
  const packets: LongPacket[] = [];
  for (let at = 0; at < datagram.length && packets.length < limit;) {
    const packet = readLongPacket(datagram.subarray(at));
    if (packet === undefined) break;
    packets.push(packet);
    at += packet.bytes.length;
  }
  return packets;
}

function readLongPacket(datagram: Buffer): LongPacket | undefined {
  const first = datagram[0] ?? 0;
  if (datagram.length < 7 || (first & 0x80) === 0) return undefined;
  const version = quicVersion(datagram.readUInt32BE(1));
  const type = (first >> 4) & 3;
  // A Retry has no length, and is no client's.
  if (version === undefined || type === version.retryType) return undefined;
  const reader = new VarintReader(datagram, 5);
  const connectionId = takeConnectionId(reader);
  const sourceId = takeConnectionId(reader);
  if (connectionId === undefined || sourceId === undefined) return undefined;
  const isInitial = type === version.initialType;
  if (isInitial && reader.take(reader.varint()) === undefined) return undefined;
  const length = reader.varint();
  const numberOffset = reader.at;
  const end = numberOffset + length;
  if (length < sampleOffset + sampleLength || end > datagram.length) return undefined;
  return { version, isInitial, connectionId, bytes: datagram.subarray(0, end), numberOffset };
}

function takeConnectionId(reader: VarintReader): Buffer | undefined {
  const length = reader.byte();
  return length === undefined || length > connectionIdLimit ? undefined : reader.take(length);
}

/**
 * Takes off both protections (RFC 9001 5.3, 5.4).
 * @returns the frames; undefined when the packet was not made with these keys.
 */
export function openPacket(packet: LongPacket, keys: PacketKeys): Buffer | undefined {
  const { bytes, numberOffset } = packet;
  const sample = bytes.subarray(numberOffset + sampleOffset, numberOffset + sampleOffset + sampleLength);
  const mask = createCipheriv('aes-128-ecb', keys.headerProtection, null).update(sample);
  const first = (bytes[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  const payloadOffset = numberOffset + (first & 3) + 1;
  const header = Buffer.from(bytes.subarray(0, payloadOffset));
  const nonce = Buffer.from(keys.iv);
  header[0] = first;
  for (let i = numberOffset; i < payloadOffset; i += 1) {
    const byte = (header[i] ?? 0) ^ (mask[1 + i - numberOffset] ?? 0);
    header[i] = byte;
    // Client's first packets have small numbers, which are never shortened to less than they are.
    const place = nonce.length - payloadOffset + i;
    nonce[place] = (nonce[place] ?? 0) ^ byte;
  }
  const tagOffset = bytes.length - tagLength;
  const decipher = createDecipheriv('aes-128-gcm', keys.key, nonce, { authTagLength: tagLength });
  decipher.setAAD(header).setAuthTag(bytes.subarray(tagOffset));
  const frames = decipher.update(bytes.subarray(payloadOffset, tagOffset));
  try {
    decipher.final();
    return frames;
  } catch {
    return undefined;
  }
}
