import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './address.js';
import { Sealer, TAG } from './aead.js';
import { Secret } from './method.js';
import { openPacket, sealPacket } from './packet.js';
import { SaltFilter } from './salt-filter.js';

const secret = new Secret('aes-256-gcm', 'a password');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const host = fc.oneof(
  fc.ipV4(),
  fc.constantFrom('::1', '2001:db8::1', 'ff02::fb'),
  fc.stringMatching(/^[a-z][a-z0-9.-]{0,250}$/),
);

describe('an address', () => {
  it('is that of SOCKS 5, byte for byte', () => {
    expect(formatAddress('1.2.3.4', 443)).toEqual(hex('01 01020304 01bb'));
    expect(formatAddress('2001:db8::1', 53)).toEqual(hex('04 20010db8000000000000000000000001 0035'));
    expect(formatAddress('a.io', 80)).toEqual(hex('03 04 612e696f 0050'));
  });

  it('is read back at every split point, and leaves what follows', () => {
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65535 }), (name, port) => {
        const bytes = formatAddress(name, port);
        for (let size = 0; size < bytes.length; size += 1)
          expect(parseAddress('tcp', bytes.subarray(0, size))).toBeNull();
        expect(parseAddress('tcp', Buffer.concat([bytes, hex('ff00')]))).toMatchObject({
          to: { host: name, port, network: 'tcp' },
          length: bytes.length,
        });
      }),
    );
  });

  it.each(['00', '02', '13', 'ff', '03 00 0050', '03 02 c328 0050', '03 04 2f746d70 0000', '03 03 612062 0050'])(
    'that is none is refused with a code: %s',
    (bytes) => expect(() => parseAddress('tcp', hex(bytes))).toThrow(expect.objectContaining({ name: 'SluiceError' })),
  );

  it.each(['/run/x.sock', 'a'.repeat(256), ''])('is not made of "%s"', (name) =>
    expect(() => formatAddress(name, 1)).toThrow(expect.objectContaining({ name: 'SluiceError' })),
  );
});

describe('a packet', () => {
  it('is opened once, with its address', () => {
    fc.assert(
      fc.property(host, fc.uint8Array({ maxLength: 1500 }), (name, bytes) => {
        const seen = new SaltFilter();
        const packet = sealPacket(secret, new SaltFilter(), name, 53, Buffer.from(bytes));
        const opened = openPacket(secret, seen, packet);
        expect(opened).toMatchObject({ to: { host: name, port: 53, network: 'udp' } });
        expect(opened?.payload.equals(bytes)).toBe(true);
        expect(openPacket(secret, seen, packet)).toBeUndefined();
      }),
    );
  });

  it('that was changed, cut off or sealed by another password is nothing, and is not remembered', () => {
    const seen = new SaltFilter();
    const packet = sealPacket(secret, new SaltFilter(), 'example.org', 53, Buffer.from('question'));
    for (let at = 0; at < packet.length; at += 1) {
      const changed = Buffer.from(packet);
      changed[at]! ^= 1;
      expect(openPacket(secret, seen, changed)).toBeUndefined();
      expect(openPacket(secret, seen, packet.subarray(0, at))).toBeUndefined();
    }
    expect(openPacket(new Secret('aes-256-gcm', 'another'), seen, packet)).toBeUndefined();
    expect(openPacket(secret, seen, packet)).toBeDefined();
  });

  it('of our own is not taken for one of the other side', () => {
    const seen = new SaltFilter();
    expect(openPacket(secret, seen, sealPacket(secret, seen, '192.0.2.1', 53, Buffer.from('mine')))).toBeUndefined();
  });

  it('whose address makes no sense is nothing', () => {
    for (const plain of ['09 00000000 0000 00', '03 ff 6161 0000 00 00']) {
      const sealed = sealRaw(hex(plain));
      expect(openPacket(secret, new SaltFilter(), sealed)).toBeUndefined();
    }
  });
});

function sealRaw(plain: Buffer): Buffer {
  const salt = secret.newSalt();
  const packet = Buffer.alloc(salt.length + plain.length + TAG);
  packet.set(salt);
  new Sealer(secret, salt).seal(plain, packet, salt.length);
  return packet;
}
