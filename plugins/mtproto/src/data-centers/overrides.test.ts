import { describe, expect, it } from 'vitest';
import { isDataCenterId } from './overrides.js';

describe('the id of a data centre', () => {
  it.each([
    ['2', true],
    ['-2', true],
    ['203', true],
    ['-10002', true],
    ['32767', true],
    ['0', false],
    ['-0', false],
    ['', false],
    ['two', false],
    ['2.0', false],
    ['32768', false],
    ['-32769', false],
    ['02', false],
  ])('can be "%s": %s', (text, expected) => expect(isDataCenterId(text)).toBe(expected));
});
