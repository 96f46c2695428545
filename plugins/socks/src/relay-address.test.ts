import { describe, expect, it } from 'vitest';
import { destination, type Resolver } from '@sluice/plugin-api';
import { relayAddress } from './relay-address.js';

const resolver: Resolver = { resolve: () => Promise.resolve(['192.0.2.1', '2001:db8::1']) };
const relay = async (server: string, reached: string, host: string): Promise<string> =>
  (await relayAddress(resolver, destination('tcp', server, 1080), reached, { host, port: 7 })).host;

describe('the address that a server relays UDP on', () => {
  it('is the one that it names', async () => {
    expect(await relay('192.0.2.1', '192.0.2.1', '198.51.100.4')).toBe('198.51.100.4');
    expect(await relay('192.0.2.1', '192.0.2.1', 'udp.a.io')).toBe('udp.a.io');
    expect(await relay('127.0.0.1', '127.0.0.1', '127.0.0.1')).toBe('127.0.0.1');
    expect(await relay('localhost', '127.0.0.1', '127.0.0.1')).toBe('127.0.0.1');
  });

  it('is its own where it names none, or one that leads back to us', async () => {
    for (const host of ['0.0.0.0', '::', '127.0.0.1', '::1']) {
      expect(await relay('192.0.2.1', '192.0.2.1', host)).toBe('192.0.2.1');
      expect(await relay('2001:DB8:0::1', '2001:db8::1', host)).toBe('2001:db8::1');
    }
  });

  it('is, of a server with several, the one that was reached, unless a proxy stands in between', async () => {
    expect(await relay('a.io', '2001:db8::1', '0.0.0.0')).toBe('2001:db8::1');
    expect(await relay('a.io', '10.0.0.1', '0.0.0.0')).toBe('a.io');
  });

  it('must be one', async () => {
    await expect(
      relayAddress(resolver, destination('tcp', 'a.io', 1), '', { host: '::', port: 0 }),
    ).rejects.toMatchObject({ code: 'E_PROTOCOL' });
    await expect(relay('a.io', '192.0.2.1', '/run/x')).rejects.toMatchObject({ code: 'E_PROTOCOL' });
  });
});
