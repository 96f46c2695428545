import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './suggestion.js';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['port', 'port', 0],
    ['port', '', 4],
    ['port', 'prot', 1],
    ['port', 'ports', 1],
    ['port', 'pert', 1],
    ['listen', 'lisnte', 2],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearest', () => {
  it('finds a name that is near, in any case', () => {
    expect(nearest('Outboundtga', ['inboundTag', 'outboundTag'])).toBe('outboundTag');
  });

  it('finds none among names that are far', () => {
    expect(nearest('colour', ['port', 'listen'])).toBeUndefined();
    expect(nearest('a', ['xyz'])).toBeUndefined();
    expect(nearest('x'.repeat(100), ['x'.repeat(100)])).toBeUndefined();
  });
});
