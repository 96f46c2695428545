import { describe, expect, it } from 'vitest';
import { Source } from './source.js';

describe('Source', () => {
  it('counts lines and columns from 1, with every kind of line end', () => {
    const source = new Source('f', 'a\nbc\r\nd\re');
    const at = (offset: number): [number, number] => {
      const { line, column } = source.range(offset, offset);
      return [line, column];
    };
    expect(at(0)).toEqual([1, 1]);
    expect(at(2)).toEqual([2, 1]);
    expect(at(3)).toEqual([2, 2]);
    expect(at(6)).toEqual([3, 1]);
    expect(at(8)).toEqual([4, 1]);
    expect(at(9)).toEqual([4, 2]);
    expect(at(99)).toEqual([4, 2]);
  });

  it('counts UTF-16 units', () => {
    expect(new Source('f', '"😀"x').range(4, 5)).toMatchObject({ line: 1, column: 5, endColumn: 6 });
  });

  it('takes a byte order mark off', () => {
    const source = new Source('f', '\uFEFF{}');
    expect(source.text).toBe('{}');
    expect(source.range(0, 1)).toMatchObject({ line: 1, column: 1 });
  });
});
