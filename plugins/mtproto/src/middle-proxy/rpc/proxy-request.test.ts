import { describe, expect, it } from 'vitest';
import { ProxyRequestHead, readConnectionId, writeConnectionId } from './proxy-request.js';

const adTag = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const source = { address: '198.51.100.7', port: 50_123 };
const local = { address: '203.0.113.1', port: 443 };
const message = Buffer.alloc(16, 1);
const unencrypted = Buffer.concat([Buffer.alloc(8), Buffer.alloc(8, 1)]);

describe('the head of a request', () => {
  it('says whose message it is, and shows the tag', () => {
    const head = new ProxyRequestHead(0x0001_0203_0405, { framing: 'intermediate', source, local, adTag });
    expect(head.for(message, false).toString('hex')).toBe(
      [
        'eef1ce36',
        '08100220',
        '0504030201000000',
        '00000000000000000000ffffc6336407cbc30000',
        '00000000000000000000ffffcb007101bb010000',
        '18000000',
        'ae261edb',
        '10',
        adTag.toString('hex'),
        '000000',
      ].join(''),
    );
  });

  it('ends with the addresses if there is no tag', () => {
    const head = new ProxyRequestHead(1, { framing: 'abridged', source, local, adTag: undefined }).for(message, false);
    expect(head).toHaveLength(56);
    expect(head.readUInt32LE(4)).toBe(0x40021000);
  });

  it.each([
    ['abridged', message, false, 0x40021008],
    ['abridged', message, true, 0xc0021008],
    ['intermediate', unencrypted, false, 0x2002100a],
    ['intermediate', unencrypted, true, 0xa002100a],
    ['padded', message, false, 0x28021008],
    ['padded', unencrypted, true, 0xa802100a],
  ] as const)('has the flags of its framing and message (%s)', (framing, body, quickAck, flags) => {
    const head = new ProxyRequestHead(1, { framing, source, local, adTag });
    expect(head.for(body, quickAck).readUInt32LE(4)).toBe(flags);
  });

  it('keeps nothing of the message before', () => {
    const head = new ProxyRequestHead(1, { framing: 'padded', source, local, adTag });
    const first = head.for(unencrypted, true);
    expect(head.for(message, false).readUInt32LE(4)).toBe(0x28021008);
    expect(first.readUInt32LE(4)).toBe(0xa802100a);
  });

  it('has IPv6 addresses as they are, mapped ones as IPv4, and zeros for a Unix socket', () => {
    const of = (address: string): string => {
      const origin = { framing: 'padded', source: { address, port: 1 }, local, adTag } as const;
      return new ProxyRequestHead(1, origin).for(message, false).subarray(16, 36).toString('hex');
    };
    expect(of('2001:db8::5')).toBe('20010db800000000000000000000000501000000');
    expect(of('::ffff:10.0.0.1')).toBe('00000000000000000000ffff0a00000101000000');
    expect(of('/run/front.sock')).toBe('00000000000000000000ffff0000000001000000');
  });
});

it('reads the ids that it writes', () => {
  const field = Buffer.alloc(9);
  for (const id of [0, 1, 0xffff_ffff, 0x1_0000_0000, 2 ** 40 + 12_345, Number.MAX_SAFE_INTEGER]) {
    writeConnectionId(field, 1, id);
    expect(readConnectionId(field, 1)).toBe(id);
  }
});
