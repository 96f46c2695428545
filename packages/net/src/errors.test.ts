import { describe, expect, it } from 'vitest';
import { SluiceError, toSluiceError } from './errors.js';

class Narrower extends SluiceError {}

describe('SluiceError', () => {
  it('is known across copies of the package, and its subclasses are told apart', () => {
    const foreign = Object.assign(new Error('from a copy'), { code: 'E_AUTH', [Symbol.for('sluice.error')]: true });
    expect(foreign instanceof SluiceError).toBe(true);
    expect(toSluiceError(foreign)).toBe(foreign);
    expect(new SluiceError('E_AUTH', 'x') instanceof Narrower).toBe(false);
    expect(new Narrower('E_AUTH', 'x') instanceof SluiceError).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'E_AUTH', { code: 'E_AUTH' }]) {
      expect((other as unknown) instanceof SluiceError).toBe(false);
    }
  });

  it('keeps a stack for our own faults only', () => {
    expect(new SluiceError('E_INTERNAL', 'x').stack).toMatch(/errors\.test/);
    expect(new SluiceError('E_CONN_RESET', 'x').stack).not.toMatch(/errors\.test/);
    expect(new Error('x').stack).toMatch(/errors\.test/);
  });
});
