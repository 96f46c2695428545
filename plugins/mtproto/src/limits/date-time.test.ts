import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseDateTime } from './date-time.js';

describe('parseDateTime', () => {
  it.each([
    ['2030-12-31T23:59:59Z', Date.UTC(2030, 11, 31, 23, 59, 59)],
    ['2030-12-31t23:59:59z', Date.UTC(2030, 11, 31, 23, 59, 59)],
    ['2030-12-31T23:59:59.25Z', Date.UTC(2030, 11, 31, 23, 59, 59, 250)],
    ['2031-01-01T03:29:59+03:30', Date.UTC(2030, 11, 31, 23, 59, 59)],
    ['2030-12-31T15:59:59-08:00', Date.UTC(2030, 11, 31, 23, 59, 59)],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('reads %s', (text, moment) => {
    expect(parseDateTime(text)).toBe(moment);
  });

  it.each([
    '',
    'tomorrow',
    '2030-12-31',
    '2030-12-31T23:59:59',
    '2030-12-31 23:59:59Z',
    '2030-12-31T23:59Z',
    '2030-02-30T00:00:00Z',
    '2029-02-29T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-00-01T00:00:00Z',
    '2030-01-00T00:00:00Z',
    '2030-01-01T25:00:00Z',
    '2030-01-01T00:60:00Z',
    '2030-01-01T00:00:00+25:00',
    '1893456000',
    ' 2030-12-31T23:59:59Z',
  ])('refuses "%s"', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  it('reads every moment that a Date writes', () => {
    const four = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(four), (date) => {
        expect(parseDateTime(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});
