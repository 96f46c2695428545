import { describe, expect, it } from 'vitest';
import { createCiphers, directionKey, type KeyMaterial } from './keys.js';

const material: KeyMaterial = {
  serverNonce: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  clientNonce: Buffer.from('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 'hex'),
  timestamp: 1_700_000_000,
  server: { address: '149.154.175.50', port: 8888 },
  client: { address: '192.0.2.7', port: 40_000 },
  secret: Buffer.alloc(128, 0x5c),
};
const ipv6: KeyMaterial = {
  ...material,
  server: { address: '2001:db8::50', port: 8888 },
  client: { address: '2001:db8:1::7', port: 40_000 },
};

describe('keys of a connection to a middle proxy', () => {
  // Computed apart, by Python's hashlib over the same bytes written by hand.
  it.each([
    [
      'CLIENT',
      material,
      '57378b45bbdad80007fed549f0689c5d1f14254b69dd36239332402817a1f9b2',
      '7e9a19d684de4bc61c07641f0e8c20ef',
    ],
    [
      'SERVER',
      material,
      '14533bd026b5d75793c7fe0e1ea74431abd64546857fb8389e9d4e115cc02c0d',
      'ccaaf3d661c44f98f427aeb992b2f793',
    ],
    [
      'CLIENT',
      ipv6,
      '97c3337acce48252739d5b353ecdc06f6ee571276e056b9daf27fe75b6d1bdab',
      '05a4fdf9ab22393a85f5537bb6175495',
    ],
    [
      'SERVER',
      ipv6,
      '4c6964b534459a012c14fbd884b80ac925e75f07bea007c9c1953d5bc289c4ac',
      'cc9e64c8026d92e33a73eb7ed978b404',
    ],
  ] as const)('of the %s are what they are by hand', (sender, of, key, iv) => {
    const made = directionKey(sender, of);
    expect({ key: made.key.toString('hex'), iv: made.iv.toString('hex') }).toEqual({ key, iv });
  });

  // Nonces, addresses, clock and public secret of a connection that was recorded in 2018, with the key that opened it.
  it('are those of a recorded connection', () => {
    const made = directionKey('CLIENT', {
      serverNonce: Buffer.from('f728d238410c65aad89b0efdfaeedbe2', 'hex'),
      clientNonce: Buffer.from('1831356fc60aebb4e6705c4e01c96a69', 'hex'),
      timestamp: 1_528_396_015,
      server: { address: '149.154.162.38', port: 80 },
      client: { address: '80.211.29.34', port: 54_208 },
      secret: Buffer.from(
        'c4f9faca9678e6bb48ad6c7e2ce5c0d24430645d554addeb55419e034da62721d046eaab6e52ab14a95a443ecfb3463e79a05a66612adf9c' +
          'aeda8be9a80da6986fb0a6ff387af84d88ef3a6413713e5c3377f6e1a3d47d99f5e0c56eece8f05c54c490b079e31bef82ff0ee8f2b0a327' +
          '56d249c5f21269816cb7061b265db212',
        'hex',
      ),
    });
    expect(made.key.toString('hex')).toBe('a59e7f3129e8bb45261da3e2b7921c43e1e086bfcf98ffa69842a9c4368732bc');
    expect(made.iv.toString('hex')).toBe('216e7dddb779a07482b49cf9346f25b2');
  });

  it('let each end read the other, in any pieces', () => {
    const [client, server] = [createCiphers('client', material), createCiphers('server', material)];
    const sent = Buffer.alloc(160, 'whole blocks ');
    const wire = client.encrypt.update(sent);
    const pieces = [...wire].map((byte) => server.decrypt.update(Buffer.of(byte)));
    expect(Buffer.concat(pieces)).toEqual(sent);
    expect(client.decrypt.update(server.encrypt.update(sent))).toEqual(sent);
  });

  it('take an IPv4 address in its IPv6 form for IPv4', () => {
    const mapped = { ...material, client: { address: '::ffff:192.0.2.7', port: 40_000 } };
    expect(directionKey('CLIENT', mapped)).toEqual(directionKey('CLIENT', material));
  });

  it('are of one family', () => {
    expect(() => directionKey('CLIENT', { ...material, client: ipv6.client })).toThrow(/families/);
  });
});
