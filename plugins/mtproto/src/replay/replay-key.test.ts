import { createHmac, randomBytes } from 'node:crypto';
import { createHeader } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { helloTime } from '../fake-tls/digest.js';
import { openHeader } from '../obfuscation/client-layer.js';
import { HEADER_LENGTH } from '../obfuscation/header.js';
import type { Secret } from '../secret.js';
import { headerReplayKey, helloReplayKey } from './replay-key.js';

/** A hello's record as far as the digest is concerned. */
function recorded(secret: Buffer, time: number): Buffer {
  const record = randomBytes(517);
  record.fill(0, 11, 43);
  const digest = createHmac('sha256', secret).update(record).digest();
  digest.writeUInt32LE((digest.readUInt32LE(28) ^ time) >>> 0, 28);
  digest.copy(record, 11);
  return record;
}

describe('helloReplayKey', () => {
  it('knows a recorded hello again that a stranger has moved to the present', () => {
    const secret = randomBytes(16);
    const record = recorded(secret, 1_700_000_000);
    const moved = Buffer.from(record);
    moved.writeUInt32LE((moved.readUInt32LE(39) ^ 1_700_000_000 ^ 1_800_000_000) >>> 0, 39);
    // The digest does not object: this is what the replay filter is for.
    expect(helloTime(moved, secret)).toBe(1_800_000_000);
    expect(helloReplayKey(moved.subarray(11, 43))).toEqual(helloReplayKey(record.subarray(11, 43)));
  });

  it('tells any two hellos apart', () => {
    const random = randomBytes(32);
    for (let at = 0; at < 28; at += 1) {
      const other = Buffer.from(random);
      other[at]! ^= 1;
      expect(helloReplayKey(other)).not.toEqual(helloReplayKey(random));
    }
  });
});

describe('headerReplayKey', () => {
  it('knows a recorded header again that a stranger has moved along the keystream', () => {
    const secret: Secret = { mode: 'plain', key: randomBytes(16) };
    const client = createHeader({ tag: 'intermediate', dc: 2, secret: secret.key });
    // A length, and the zero key id that every first message begins with.
    const sent = client.encrypt(Buffer.from('28000000' + '0000000000000000' + '11223344', 'hex'));
    const forged = Buffer.from(client.header);
    const raised = (forged.readBigUInt64BE(48) + 1n) & 0xffffffffffffffffn;
    forged.writeBigUInt64BE(raised, 48);
    // The tag is where those zeros were: what was sent there is the keystream itself.
    for (let i = 0; i < 4; i += 1) forged[56 + i] = sent[8 + i]! ^ 0xee;
    // It opens: this is what the replay filter is for.
    expect(openHeader(forged, secret)?.framing).toBe('intermediate');
    expect(headerReplayKey(forged)).toEqual(headerReplayKey(client.header));
  });

  it('changes with every byte that the AES key is made from, and with no other', () => {
    const header = randomBytes(HEADER_LENGTH);
    for (let at = 0; at < HEADER_LENGTH; at += 1) {
      const other = Buffer.from(header);
      other[at]! ^= 1;
      const isSame = headerReplayKey(other).equals(headerReplayKey(header));
      expect(isSame, String(at)).toBe(at < 8 || at >= 40);
    }
  });
});

it('never gives two kinds the same key', () => {
  const bytes = Buffer.alloc(HEADER_LENGTH, 7);
  expect(helloReplayKey(bytes.subarray(0, 32))[0]).not.toBe(headerReplayKey(bytes)[0]);
});

it('does not keep hold of the bytes that it was given', () => {
  const header = Buffer.alloc(HEADER_LENGTH, 1);
  const keys = [headerReplayKey(header), helloReplayKey(header.subarray(0, 32))];
  const before = keys.map((key) => key.toString('hex'));
  header.fill(2);
  expect(keys.map((key) => key.toString('hex'))).toEqual(before);
});
