import { describe, expect, it } from 'vitest';
import { readProxyRequest } from './proxy-request.js';
import { request, tag, tagBlock, type RequestFields } from './rpc-client.fixture.js';

const ipv6 = '20010db8000000000000000000000007';

describe('a PROXY_REQ', () => {
  it('is read field by field', () => {
    const data = Buffer.alloc(64, 0xa5);
    expect(readProxyRequest(request({ data }))).toEqual({
      violations: [],
      request: {
        connectionId: 7n,
        flags: 0x40021008,
        framing: 'abridged',
        quickAck: false,
        client: { address: '192.0.2.1', port: 50_000 },
        proxy: { address: '127.0.0.1', port: 443 },
        adTag: tag,
        data,
      },
    });
  });

  it('of an IPv6 client carries its 16 bytes', () => {
    const { violations, request: read } = readProxyRequest(request({ clientIp: ipv6, clientPort: 1 }));
    expect(violations).toEqual([]);
    expect(read?.client).toEqual({ address: '2001:db8::7', port: 1 });
  });

  it.each([
    [0x40021008, 'abridged', false],
    [0x20021008, 'intermediate', false],
    [0x28021008, 'padded', false],
    [0xc0021008, 'abridged', true],
    [0xa8021008, 'padded', true],
  ])('with the flags %i is %s', (flags, framing, quickAck) => {
    const { violations, request: read } = readProxyRequest(request({ flags }));
    expect({ violations, framing: read?.framing, quickAck: read?.quickAck }).toEqual({
      violations: [],
      framing,
      quickAck,
    });
  });

  it('without a tag has neither flag nor block', () => {
    const { violations, request: read } = readProxyRequest(request({ flags: 0x40021000, extra: '' }));
    expect(violations).toEqual([]);
    expect(read).not.toHaveProperty('adTag');
    expect(read?.data).toHaveLength(64);
  });

  it('of the key exchange has flag 2', () => {
    const data = Buffer.alloc(40);
    expect(readProxyRequest(request({ flags: 0x4002100a, data })).violations).toEqual([]);
  });

  const zeros = '0'.repeat(32);
  it.each<[string, RequestFields, RegExp]>([
    ['no connection id', { id: 0n }, /connection id is 0/],
    ['no framing', { flags: 0x00021008 }, /no framing/],
    ['two framings', { flags: 0x60021008 }, /two framings/],
    ['padding under abridged', { flags: 0x48021008 }, /has no padding/],
    ['flag 1000 missing', { flags: 0x40020008 }, /flag 1000 \(tcpClient\) is missing/],
    ['flag 20000 missing', { flags: 0x40001008 }, /flag 20000 \(obfuscated\) is missing/],
    ['a flag that nobody knows', { flags: 0x40031008 }, /unknown flags 10000/],
    ['the flag of HTTP', { flags: 0x4002100c }, /unknown flags 4/],
    ['flag 2 on an enciphered message', { flags: 0x4002100a }, /flag 2 is set on .* not 0/],
    ['no flag 2 on a plain one', { data: Buffer.alloc(40) }, /flag 2 is missing on .* is 0/],
    ['a client without an address', { clientIp: zeros }, /client's address is not given/],
    ['a client at 0.0.0.0', { clientIp: '00000000000000000000ffff00000000' }, /client's address is not given/],
    ['a client without a port', { clientPort: 0 }, /client's port is 0/],
    ['a client with a port in network order', { clientPort: 0xc3500000 }, /client's port is 3276800000/],
    ['a client without ffff', { clientIp: '000000000000000000000000c0000201' }, /client's IPv4 address is not/],
    ['a proxy without an address', { proxyIp: zeros }, /proxy's address is not given/],
    ['a proxy without a port', { proxyPort: 0 }, /proxy's port is 0/],
    ['the tag without its flag', { flags: 0x40021000 }, /is there, but not its flag/],
    ['the flag without the tag', { extra: '', data: Buffer.alloc(8, 1) }, /only 8 bytes follow/],
    ['the flag before data', { extra: '' }, /says 2779096485 bytes/],
    ['a block of another kind', { extra: tagBlock().replace('ae261edb', '81b35ad4') }, /of the kind d45ab381/],
    ['a tag of another length', { extra: tagBlock().replace('db10', 'db0f') }, /15 bytes long/],
    ['a tag with other padding', { extra: `${tagBlock().slice(0, -2)}01` }, /padding of the advertising tag/],
    ['no data', { data: Buffer.alloc(0) }, /without data/],
    ['data that is not of words', { data: Buffer.alloc(61, 1) }, /61 bytes is not made of words/],
  ])('is held to the rules: %s', (_what, fields, reason) => {
    expect(readProxyRequest(request(fields)).violations).toEqual([expect.stringMatching(reason)]);
  });

  it('may end anywhere, and is never read past its end', () => {
    const whole = request({ data: Buffer.alloc(0) });
    for (let length = 0; length < whole.length; length += 1) {
      const { violations, request: read } = readProxyRequest(whole.subarray(0, length));
      expect(violations).not.toEqual([]);
      expect(read).toBeUndefined();
    }
  });

  it('tells ::1 from an IPv4 address without ffff', () => {
    const { violations, request: read } = readProxyRequest(request({ clientIp: '0'.repeat(31) + '1' }));
    expect(violations).toEqual([]);
    expect(read?.client.address).toBe('::1');
  });
});
