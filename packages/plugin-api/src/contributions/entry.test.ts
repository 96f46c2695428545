import { SluiceError } from '@sluice/net';
import { describe, expect, it } from 'vitest';
import { checkedEntry, refusingReporter } from './entry.js';
import { levelSchema, secretString, Type, type TSchema } from './schema.js';

const account = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 4 }),
  pass: secretString({ maxLength: 8 }),
  level: Type.Optional(levelSchema('a test')),
  tag: Type.Optional(Type.String({ pattern: '^[0-9a-f]{4}$' })),
  limits: Type.Optional(Type.Object({ up: Type.Optional(Type.Integer({ minimum: 1 })) })),
  from: Type.Optional(Type.Array(Type.String(), { maxItems: 2 })),
  mode: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal(1), Type.Object({ on: Type.Boolean() })])),
  kind: Type.Optional(Type.Unsafe<'x' | 'y'>({ type: 'string', enum: ['x', 'y'] })),
  sizes: Type.Optional(Type.Record(Type.String(), Type.Integer())),
});

const right = { name: 'ann', pass: 'secret' };

function refusal(schema: TSchema, value: unknown): string {
  try {
    checkedEntry(schema, value);
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: 'E_CONFIG_INVALID' });
    return (error as SluiceError).message;
  }
  return 'nothing';
}

describe('an entry at run time', () => {
  it.each([
    [right],
    [{ ...right, level: 3, tag: '00ff', limits: { up: 1 }, from: ['a', 'b'], mode: { on: true }, kind: 'y' }],
    [{ ...right, mode: 1, sizes: { a: 1 }, limits: {} }],
    // Four characters, eight code units.
    [{ ...right, name: '😀😀😀😀' }],
    [{ ...right, level: undefined, unknown: { deep: [] } }],
  ])('is taken as the schema has it: %j', (value) => {
    expect(checkedEntry(account, value)).toBe(value);
  });

  it.each([
    [null, 'must be an object'],
    [[], 'must be an object'],
    ['text', 'must be an object'],
    [{}, 'name: is missing'],
    [{ name: 'ann', pass: undefined }, 'pass: is missing'],
    [{ ...right, name: '' }, 'name: must be of 1 to 4 characters'],
    [{ ...right, name: 5 }, 'name: must be a string'],
    [{ ...right, pass: 'secret-that-is-too-long' }, 'pass: must be of at most 8 characters'],
    [{ ...right, level: 1.5 }, 'level: must be a whole number'],
    [{ ...right, level: -1 }, 'level: must be 0 to 4294967295'],
    [{ ...right, tag: '00f' }, 'tag: must be a string that matches ^[0-9a-f]{4}$'],
    [{ ...right, limits: { up: 0 } }, 'limits.up: must be at least 1'],
    [{ ...right, from: 'a' }, 'from: must be a list'],
    [{ ...right, from: ['a', 2] }, 'from.1: must be a string'],
    [{ ...right, from: ['a', 'b', 'c'] }, 'from: must be of at most 2 entries'],
    [{ ...right, mode: 'b' }, 'mode: must be in one of the forms that are allowed'],
    [{ ...right, mode: { on: 1 } }, 'mode: must be in one of the forms that are allowed'],
    [{ ...right, kind: 'z' }, 'kind: must be one of "x", "y"'],
    [{ ...right, sizes: { a: 'b' } }, 'sizes.a: must be a whole number'],
  ])('is refused where the schema forbids it: %j', (value, message) => {
    expect(refusal(account, value)).toBe(message);
  });

  it('is not repeated when it is refused', () => {
    expect(refusal(account, { name: 'ann', pass: ['hunter22'] })).not.toContain('hunter');
    expect(refusal(account, { name: 'ann', pass: 'hunter22hunter22' })).not.toContain('hunter');
  });

  it('is held to what the schema cannot say by a reporter that refuses', () => {
    expect(() => refusingReporter.error(['users', 0], 'is wrong')).toThrow('users.0: is wrong');
    expect(() => refusingReporter.warning([], 'is odd')).not.toThrow();
  });
});
