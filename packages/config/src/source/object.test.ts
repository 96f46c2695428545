import { describe, expect, it } from 'vitest';
import { inbound, outbound, summary } from '../load.fixture.js';
import { loadObject } from '../load.js';
import { plugins } from '../plugins.fixture.js';

const options = { plugins, env: {} };

describe('loadObject', () => {
  it('reads what loadTexts reads, with pointers and without ranges', () => {
    const result = loadObject({ inbounds: [inbound({ port: 0 })], outbounds: [outbound({ prot: 1 })] }, options);
    expect(summary(result)).toEqual(['warning C_UNKNOWN_KEY /outbounds/0/prot', 'error C_PORT /inbounds/0/port']);
    expect(result.diagnostics.every(({ range }) => range === undefined)).toBe(true);
  });

  it('takes undefined as unset', () => {
    const result = loadObject({ log: undefined, inbounds: [inbound({ settings: undefined })] }, options);
    expect(result.diagnostics).toEqual([]);
    expect(result.config?.inbounds).toHaveLength(1);
  });

  it("does not change or freeze the caller's object", () => {
    const value = { inbounds: [inbound({ settings: { tags: ['a'] } })] };
    const before = structuredClone(value);
    const { config } = loadObject(value, options);
    expect(value).toEqual(before);
    expect(Object.isFrozen(value.inbounds)).toBe(false);
    expect(config?.inbounds[0]?.settings).not.toBe(value.inbounds[0]?.['settings']);
  });

  it.each([
    ['a function', { log: () => 1 }, '/log'],
    ['a symbol', { log: { access: Symbol('x') } }, '/log/access'],
    ['a big integer', { inbounds: [inbound({ port: 1n })] }, '/inbounds/0/port'],
    ['not a number', { inbounds: [inbound({ port: Number.NaN })] }, '/inbounds/0/port'],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['text', '{}', ''],
  ])('reports %s', (_, value, pointer) => {
    const { config, diagnostics } = loadObject(value, options);
    expect(config).toBeUndefined();
    expect(diagnostics[0]).toMatchObject({ code: 'C_TYPE', severity: 'error', pointer });
  });

  it('reports an object that contains itself', () => {
    const value: Record<string, unknown> = {};
    value['log'] = value;
    expect(loadObject(value, options).diagnostics).toContainEqual(
      expect.objectContaining({ code: 'C_TYPE', severity: 'error' }),
    );
  });

  it('reports an object whose properties throw', () => {
    const value = {
      get log() {
        throw new TypeError('no');
      },
    };
    expect(loadObject(value, options).diagnostics).toMatchObject([{ code: 'C_TYPE', pointer: '' }]);
  });
});
