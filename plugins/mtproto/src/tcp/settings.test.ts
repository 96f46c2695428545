import { describe, expect, it } from 'vitest';
import { tcpOptions } from './settings.js';

describe('the TCP options of a connection', () => {
  it.each([
    [undefined, { keepAlive: undefined, userTimeout: 60_000 }],
    [{}, { keepAlive: undefined, userTimeout: 60_000 }],
    [
      { keepAlive: 15, userTimeout: 30 },
      { keepAlive: 15_000, userTimeout: 30_000 },
    ],
    [{ userTimeout: 0 }, { keepAlive: undefined, userTimeout: undefined }],
  ])('of %j are %j', (settings, expected) => expect(tcpOptions(settings)).toEqual(expected));
});
