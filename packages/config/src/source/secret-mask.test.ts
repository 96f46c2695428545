import { describe, expect, it } from 'vitest';
import { maskSecrets } from './secret-mask.js';

const names = new Set(['knock']);

describe('maskSecrets', () => {
  it.each([
    ['{"secret": "b0cb", "a": "b0cb"}', '{"secret": "****", "a": "b0cb"}'],
    ['{"Secret":"b0cb"}', '{"Secret":"****"}'],
    ['{"pass": "hunter2"}', '{"pass": "*******"}'],
    ['{"path": "/x"}', '{"path": "/x"}'],
    ['{"knock": "abc"}', '{"knock": "***"}'],
    ['{"knok": "abc"}', '{"knok": "***"}'],
    ['// "secret": "b0cb"', '// "secret": "****"'],
    ['{"secret": b0cb}', '{"secret": ****}'],
    ['{"secret": "b0cb\n}', '{"secret": "****\n}'],
    ['{"secret": "a\\"b", "c": 1}', '{"secret": "**"*", "c": 1}'],
    ['{"secret": {"x": ["b0cb", 12]}, "c": 1}', '{"secret": {"*": ["****", **]}, "c": 1}'],
    ['"tg://proxy?server=a&secret=b0cb&port=1"', '"tg://proxy?server=a&secret=****&port=1"'],
    ["{secret: 'b0cb'}", "{secret: '****'}"],
  ])('masks %j', (text, expected) => {
    expect(maskSecrets(text, names)).toBe(expected);
    expect(maskSecrets(text, names)).toHaveLength(text.length);
  });
});
