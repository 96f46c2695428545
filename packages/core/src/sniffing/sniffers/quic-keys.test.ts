import { describe, expect, it } from 'vitest';
import { padded, protectedPacket } from './quic-client.fixture.js';
import { clientInitialKeys, quicVersion } from './quic-keys.js';
import { openPacket, readLongPackets } from './quic-packet.js';
import { connectionId, cryptoFrame, payloadLength, vectors } from './quic-vectors.fixture.js';

describe.each(vectors)("the RFCs' example of $name", (vector) => {
  const keys = clientInitialKeys(quicVersion(vector.version)!, connectionId);
  const frames = padded(cryptoFrame, payloadLength);
  const packet = protectedPacket({ version: vector.version, connectionId, number: 2, frames });

  it('has these keys', () => {
    expect(keys.key.toString('hex')).toBe(vector.key);
    expect(keys.iv.toString('hex')).toBe(vector.iv);
    expect(keys.headerProtection.toString('hex')).toBe(vector.headerProtection);
  });

  it('is the packet that the test client makes', () => {
    expect(packet).toHaveLength(1_200);
    expect(packet.toString('hex', 0, 64)).toBe(vector.start);
    expect(packet.toString('hex', 1_184)).toBe(vector.end);
  });

  it('opens', () => {
    const [read, ...others] = readLongPackets(packet, 10);
    expect(others).toHaveLength(0);
    expect(read?.isInitial).toBe(true);
    expect(openPacket(read!, keys)).toEqual(frames);
  });
});
