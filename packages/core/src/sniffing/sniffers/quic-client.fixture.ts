import { createCipheriv } from 'node:crypto';
import { vector } from './hello.fixture.js';
import { clientInitialKeys, quicVersion, type PacketKeys } from './quic-keys.js';

export interface PacketParts {
  /** Default: 1. */
  readonly version?: number;
  /** Default: Initial, as the version has it. */
  readonly type?: number;
  readonly connectionId?: Buffer;
  readonly sourceId?: Buffer;
  readonly token?: Buffer;
  readonly number?: number;
  /** Of the packet number, in bytes; default 4. */
  readonly numberLength?: number;
  readonly frames: Buffer;
  /** Default: those of the connection id. */
  readonly keys?: PacketKeys;
}

export const defaultConnectionId = Buffer.from('00112233445566778899aabb', 'hex');

/** A client's packet with a long header, protected as RFC 9001 5 has it. */
export function protectedPacket(parts: PacketParts): Buffer {
  const { version = 1, connectionId = defaultConnectionId, number = 0, numberLength = 4, frames } = parts;
  const known = quicVersion(version);
  if (known === undefined) throw new Error('no such version');
  const { key, iv, headerProtection } = parts.keys ?? clientInitialKeys(known, connectionId);
  const type = parts.type ?? known.initialType;
  const versionBytes = Buffer.alloc(4);
  versionBytes.writeUInt32BE(version);
  const header = Buffer.concat([
    Buffer.of(0xc0 | (type << 4) | (numberLength - 1)),
    versionBytes,
    vector(1, connectionId),
    vector(1, parts.sourceId ?? Buffer.alloc(0)),
    ...(type === known.initialType
      ? [varint((parts.token ?? Buffer.alloc(0)).length), parts.token ?? Buffer.alloc(0)]
      : []),
    // In two bytes, as the examples of the RFCs have it.
    varint(numberLength + frames.length + 16, 2),
    Buffer.alloc(numberLength),
  ]);
  header.writeUIntBE(number, header.length - numberLength, numberLength);
  const nonce = Buffer.from(iv);
  for (let i = 0; i < numberLength; i += 1) nonce[11 - i]! ^= header[header.length - 1 - i]!;
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  cipher.setAAD(header);
  const packet = Buffer.concat([header, cipher.update(frames), cipher.final(), cipher.getAuthTag()]);
  const numberOffset = header.length - numberLength;
  const sample = packet.subarray(numberOffset + 4, numberOffset + 20);
  const mask = createCipheriv('aes-128-ecb', headerProtection, null).update(sample);
  packet[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < numberLength; i += 1) packet[numberOffset + i]! ^= mask[1 + i]!;
  return packet;
}

export function cryptoFrame(data: Buffer, offset = 0): Buffer {
  return Buffer.concat([Buffer.of(6), varint(offset), varint(data.length), data]);
}

/** An integer of RFC 9000 16, in the fewest bytes that do, or in so many. */
export function varint(value: number, length = value < 64 ? 1 : value < 16_384 ? 2 : 4): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  bytes[0]! |= Math.log2(length) << 6;
  return bytes;
}

export function padded(frames: Buffer, length: number): Buffer {
  return Buffer.concat([frames], Math.max(length, frames.length));
}
