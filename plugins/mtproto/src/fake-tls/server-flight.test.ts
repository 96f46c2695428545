import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import {
  createClientHello,
  FakeTlsError,
  readServerFlight,
  type ClientHelloOptions,
  type ServerFlight,
} from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { parseClientHello, type ClientHello } from './client-hello.js';
import { readFirstFlight, type HostProfile } from './host-profile.js';
import { KeySharePool } from './key-share-pool.js';
import { recordedHellos } from './recorded-hellos.fixture.js';
import { negotiate, serverFlight, type Negotiated } from './server-flight.js';

const key = randomBytes(16);
const shares = new KeySharePool(0);
const profile: HostProfile = { encryptedLength: 3000 };
const hybrid: HostProfile = { ...profile, group: 0x11ec };

function parsed(record: Buffer): ClientHello {
  const hello = parseClientHello(record);
  if (hello === 'foreign') throw new TypeError(hello);
  return hello;
}

function offering(offers: ClientHelloOptions['offers']): ClientHello {
  return parsed(createClientHello({ key, serverName: 'a.example', offers: offers ?? {} }).record);
}

/** What the test client reads out of the answer to its hello. */
async function answered(
  like: HostProfile,
  offers: ClientHelloOptions['offers'] = {},
  secret = key,
): Promise<ServerFlight> {
  const mine = createClientHello({ key, serverName: 'a.example', offers });
  const hello = parsed(mine.record);
  const bytes = serverFlight(hello, negotiate(hello, like) as Negotiated, secret, like, shares);
  let at = 0;
  const flight = await readServerFlight((length) => Promise.resolve(bytes.subarray(at, (at += length))), mine, key);
  expect(at).toBe(bytes.length);
  return flight;
}

describe('negotiate', () => {
  it.each([
    ['its first suite', {}, profile, { cipherSuite: 0x1301, group: 0x1d }],
    ['its first suite of TLS 1.3', { cipherSuites: [0xc02b, 0x1303, 0x1301] }, profile, { cipherSuite: 0x1303 }],
    ['the suite of the host', {}, { ...profile, cipherSuite: 0x1302 }, { cipherSuite: 0x1302 }],
    [
      'not a suite that it does not offer',
      { cipherSuites: [0x1301] },
      { ...profile, cipherSuite: 0x1302 },
      { cipherSuite: 0x1301 },
    ],
    ['the group of the host', {}, hybrid, { group: 0x11ec }],
    ['X25519 where it offers no other', { groups: [0x1d] as const }, hybrid, { group: 0x1d }],
    ['X25519 where the host took another', {}, { ...profile, group: 0x17 }, { group: 0x1d }],
  ])('gives a client %s', (_, offers, like, expected) => {
    expect(negotiate(offering(offers), like)).toMatchObject(expected);
  });

  it.each([
    ['TLS 1.3', { versions: [0x0303] }, 'no-tls13'],
    ['a suite of it', { cipherSuites: [0xc02b, 0x0035] }, 'no-cipher'],
    ['a share of X25519', { groups: [0x11ec] as const }, 'no-key-share'],
  ])('says so where a client does not offer %s', (_, offers, expected) => {
    expect(negotiate(offering(offers), profile)).toBe(expected);
  });

  it.each([
    ['tdlib', { cipherSuite: 0x1301, group: 0x1d }],
    ['mtcute', { cipherSuite: 0x1301, group: 0x1d }],
    ['chromium', { cipherSuite: 0x1301, group: 0x1d }],
    ['openssl', { cipherSuite: 0x1302, group: 0x1d }],
    ['opensslTls12', 'no-tls13'],
  ] as const)('answers %s', (client, expected) => {
    expect(negotiate(parsed(recordedHellos[client]), profile)).toEqual(expected);
  });

  it('takes no share of a wrong length', () => {
    const hello = offering({});
    const short = { ...hello, keyShares: hello.keyShares.map((share) => ({ ...share, key: share.key.subarray(1) })) };
    expect(negotiate(short, hybrid)).toBe('no-key-share');
  });
});

describe('serverFlight', () => {
  it('is what clients accept, and looks like the host', async () => {
    const flight = await answered(profile);
    expect(flight).toMatchObject({ cipherSuite: 0x1301, group: 0x1d, encryptedLength: 3000, extensionTypes: [43, 51] });
    expect(flight.bytes.length).toBe(5 + 122 + 6 + 5 + 3000);
  });

  it('has a share of the hybrid group where the host has', async () => {
    const flight = await answered(hybrid);
    expect(flight).toMatchObject({ group: 0x11ec, extensionTypes: [43, 51] });
    expect(flight.keyShare.length).toBe(1120);
  });

  it("has the extensions in the host's order", async () => {
    expect((await answered({ ...profile, extensions: [51, 43] })).extensionTypes).toEqual([51, 43]);
    expect((await answered({ ...hybrid, extensions: [51, 43] })).extensionTypes).toEqual([51, 43]);
  });

  it.each([
    [0, 64],
    [64, 64],
    [16_384, 16_384],
    [20_000, 16_384],
  ])('has a record of a size that clients take: %d becomes %d', async (encryptedLength, expected) => {
    expect((await answered({ encryptedLength })).encryptedLength).toBe(expected);
  });

  it('is refused under another secret', async () => {
    await expect(answered(profile, {}, randomBytes(16))).rejects.toBeInstanceOf(FakeTlsError);
  });

  it('has nothing twice', async () => {
    const flights = [await answered(profile), await answered(profile), await answered(hybrid)];
    const parts = flights.flatMap(({ bytes, keyShare }) => [
      bytes.toString('hex', 11, 43),
      keyShare.toString('hex', keyShare.length - 32),
      bytes.toString('hex', bytes.length - 32),
    ]);
    expect(new Set(parts).size).toBe(parts.length);
  });

  it('is random where it should be', async () => {
    const { bytes, keyShare } = await answered(hybrid);
    // Of 256 values, so many random bytes have nearly all.
    expect(new Set(bytes.subarray(-3000)).size).toBeGreaterThan(250);
    expect(new Set(keyShare).size).toBeGreaterThan(230);
  });

  it('is read back as the host that it imitates', () => {
    const like = { encryptedLength: 2222, cipherSuite: 0x1303, group: 0x11ec, extensions: [51, 43] };
    const hello = offering({});
    const bytes = serverFlight(hello, negotiate(hello, like) as Negotiated, key, like, shares);
    expect(readFirstFlight(bytes)).toEqual(like);
    for (let end = 0; end < bytes.length; end += 1) expect(readFirstFlight(bytes.subarray(0, end))).toBe('more');
  });

  it('answers a client without a session id', () => {
    const hello = { ...offering({}), sessionId: Buffer.alloc(0) };
    const bytes = serverFlight(hello, negotiate(hello, profile) as Negotiated, key, profile, shares);
    expect(readFirstFlight(bytes)).toMatchObject({ encryptedLength: 3000 });
  });
});
