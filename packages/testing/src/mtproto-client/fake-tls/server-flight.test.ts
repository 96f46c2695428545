import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createClientHello } from './client-hello.js';
import { flightTo, keyShare, type FlightParts } from './flight.fixture.js';
import { readServerFlight, type ServerFlight } from './server-flight.js';

const key = randomBytes(16);
const hello = createClientHello({ key, serverName: 'a.example' });
const version = Buffer.from('002b00020304', 'hex');

function read(flight: Buffer): Promise<ServerFlight> {
  let at = 0;
  return readServerFlight((length) => Promise.resolve(flight.subarray(at, (at += length))), hello, key);
}

describe('readServerFlight', () => {
  it('takes a right one', async () => {
    const bytes = flightTo(hello.record, key);
    expect(await read(bytes)).toMatchObject({ bytes, cipherSuite: 0x1301, group: 0x1d, encryptedLength: 500 });
    const hybrid = keyShare(Buffer.concat([randomBytes(1088), keyShare().subarray(-32)]), '11ec');
    expect(await read(flightTo(hello.record, key, { extensions: Buffer.concat([hybrid, version]) }))).toMatchObject({
      group: 0x11ec,
      extensionTypes: [51, 43],
    });
  });

  it.each<[string, Partial<FlightParts>]>([
    ['session id', { sessionId: randomBytes(32) }],
    ['session id', { sessionId: Buffer.alloc(0) }],
    ['was not offered', { cipherSuite: 0x1305 }],
    ['older TLS', { cipherSuite: 0xc02b }],
    ['compression', { compression: 1 }],
    ['first record begins', { recordStart: '160301' }],
    ['ChangeCipherSpec', { middle: Buffer.alloc(0) }],
    ['application data follows', { middle: Buffer.from('140303000101'.repeat(2), 'hex') }],
    ['bytes of application data', { encrypted: Buffer.alloc(0) }],
    ['bytes of application data', { encrypted: Buffer.alloc(16_385) }],
    ['TLS 1.3', { extensions: Buffer.concat([Buffer.from('002b00020303', 'hex'), keyShare()]) }],
    ['other extensions', { extensions: version }],
    ['other extensions', { extensions: Buffer.concat([version, keyShare(), Buffer.from('00170000', 'hex')]) }],
    ['extensions are broken', { extensions: Buffer.concat([version, version]) }],
    ['without a key share of the client', { extensions: Buffer.concat([version, keyShare(undefined, '0017')]) }],
    ['wrong length', { extensions: Buffer.concat([version, keyShare(Buffer.alloc(31))]) }],
    ['no point', { extensions: Buffer.concat([version, keyShare(Buffer.from('02'.padEnd(64, '0'), 'hex'))]) }],
  ])('refuses a wrong one: %s', async (reason, parts) => {
    await expect(read(flightTo(hello.record, key, parts))).rejects.toMatchObject({
      name: 'FakeTlsError',
      message: expect.stringContaining(reason) as string,
    });
  });

  it('refuses one that proves nothing', async () => {
    await expect(read(flightTo(hello.record, randomBytes(16)))).rejects.toThrow('digest');
    const changed = flightTo(hello.record, key);
    changed[changed.length - 1]! ^= 1;
    await expect(read(changed)).rejects.toThrow('digest');
  });
});
