import { Buffer } from 'node:buffer';
import { createHmac, randomBytes } from 'node:crypto';
import { createClientHello } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { helloTime, isTimely, sealFlight } from './digest.js';
import { recordedHellos, recordedKey } from './recorded-hellos.fixture.js';

const { tdlib, mtcute, chromium, openssl } = recordedHellos;

describe('helloTime', () => {
  it.each([
    ['TDLib', tdlib],
    ['mtcute', mtcute],
  ])('reads the clock of %s', (_, record) => {
    const time = helloTime(record, recordedKey);
    expect(new Date((time ?? 0) * 1000).toISOString()).toMatch(/^2026-11-22T/);
  });

  it('reads the clock of a hello made now, ahead, and behind', () => {
    const key = randomBytes(16);
    for (const skew of [0, 100_000, -100_000]) {
      const { record } = createClientHello({ key, serverName: 'a.example', skew });
      expect(Math.abs((helloTime(record, key) ?? 0) - skew - Date.now() / 1000)).toBeLessThan(10);
    }
  });

  it.each([
    ['a browser', chromium],
    ['openssl', openssl],
    [
      'a client with a false digest',
      createClientHello({ key: recordedKey, serverName: 'a', falsifyDigest: true }).record,
    ],
    ['a client with another secret', createClientHello({ key: Buffer.alloc(16), serverName: 'a' }).record],
  ])('has none of %s', (_, record) => {
    expect(helloTime(record, recordedKey)).toBeUndefined();
  });

  it('covers every bit of the hello; those under the time change the time', () => {
    const time = helloTime(mtcute, recordedKey);
    for (let at = 0; at < mtcute.length; at += 1) {
      const record = Buffer.from(mtcute);
      record[at]! ^= 1 << (at % 8);
      const found = helloTime(record, recordedKey);
      if (at >= 11 + 28 && at < 11 + 32) {
        expect(found).not.toBe(time);
        expect(found).toEqual(expect.any(Number));
      } else {
        expect([at, found]).toEqual([at, undefined]);
      }
    }
  });

  it('leaves the hello as it was', () => {
    const before = Buffer.from(tdlib);
    helloTime(tdlib, recordedKey);
    expect(tdlib).toEqual(before);
  });
});

describe('isTimely', () => {
  const window = { past: 120, future: 30 };

  it.each([
    [1000, true],
    [880, true],
    [879, false],
    [1030, true],
    [1031, false],
    [0, false],
    [0xffffffff, false],
  ])('%d in a window around 1000: %s', (time, expected) => {
    expect(isTimely(time, 1000, window)).toBe(expected);
  });
});

describe('sealFlight', () => {
  it("writes the digest over the client's random and the flight into the random of the flight", () => {
    const key = randomBytes(16);
    const random = randomBytes(32);
    const flight = randomBytes(500);
    flight.fill(0, 11, 43);
    const expected = createHmac('sha256', key)
      .update(Buffer.concat([random, flight]))
      .digest();
    const rest = Buffer.from(flight);
    sealFlight(flight, random, key);
    expect(flight.subarray(11, 43)).toEqual(expected);
    expect(Buffer.concat([flight.subarray(0, 11), Buffer.alloc(32), flight.subarray(43)])).toEqual(rest);
  });
});
