import { describe, expect, it } from 'vitest';
import { faults, inbound, outbound, summary } from '../load.fixture.js';
import { loadTexts, type TextLoadResult } from '../load.js';
import { plugins } from '../plugins.fixture.js';

function merge(...files: (readonly [file: string, value: unknown])[]): TextLoadResult {
  return loadTexts(
    files.map(([file, value]) => ({ file, text: JSON.stringify(value, null, 2) })),
    { plugins, env: {} },
  );
}

const inboundTags = ({ config }: TextLoadResult): unknown =>
  config?.inbounds.map(({ tag, ports }) => `${tag}:${ports[0]?.from}`);
const outboundTags = ({ config }: TextLoadResult): unknown => config?.outbounds.map(({ tag }) => tag);

describe('several files', () => {
  it('replaces objects whole', () => {
    const result = merge(
      ['a', { log: { access: 'x', loglevel: 'info' }, stats: {} }],
      ['b', { log: { loglevel: 'error' } }],
    );
    expect(result.config).toMatchObject({ log: { access: '', loglevel: 'error' }, stats: true });
  });

  it('appends a lone inbound, or puts it in the place of the one of its tag', () => {
    const first = { inbounds: [inbound({ tag: 'a', port: 1 }), inbound({ tag: 'b', port: 2 })] };
    expect(inboundTags(merge(['1', first], ['2', { inbounds: [inbound({ tag: 'c', port: 3 })] }]))).toEqual([
      'a:1',
      'b:2',
      'c:3',
    ]);
    expect(inboundTags(merge(['1', first], ['2', { inbounds: [inbound({ tag: 'a', port: 3 })] }]))).toEqual([
      'a:3',
      'b:2',
    ]);
  });

  it('puts a lone outbound to the front, or to the end if the file\'s path says "tail"', () => {
    const first = { outbounds: [outbound({ tag: 'a' }), outbound({ tag: 'b' })] };
    const second = { outbounds: [outbound({ tag: 'c' })] };
    expect(outboundTags(merge(['1', first], ['2', second]))).toEqual(['c', 'a', 'b']);
    expect(outboundTags(merge(['1', first], ['outbounds_TAIL.json', second]))).toEqual(['a', 'b', 'c']);
    expect(
      outboundTags(merge(['1', first], ['2', { outbounds: [outbound({ tag: 'b', sendThrough: '127.0.0.1' })] }])),
    ).toEqual(['a', 'b']);
  });

  it('takes several entries in the place of all earlier ones, and says so', () => {
    const result = merge(
      ['1', { inbounds: [inbound({ tag: 'a', port: 1 })] }],
      ['2', { inbounds: [inbound({ tag: 'b', port: 2 }), inbound({ tag: 'c', port: 3 })] }],
    );
    expect(inboundTags(result)).toEqual(['b:2', 'c:3']);
    expect(result.diagnostics).toMatchObject([{ code: 'C_MERGE', severity: 'warning', range: { file: '2', line: 2 } }]);
  });

  it('takes an entry without a tag in the place of another without one, and says so', () => {
    const result = merge(
      ['1', { outbounds: [outbound({ tag: null })] }],
      ['2', { outbounds: [{ protocol: 'Camel', settings: { password: 'long enough' } }] }],
    );
    expect(result.config?.outbounds.map(({ protocol }) => protocol)).toEqual(['Camel']);
    expect(summary(result)).toEqual(['warning C_MERGE /outbounds/0']);
  });

  it('leaves earlier lists alone where the later file has an empty one', () => {
    expect(inboundTags(merge(['1', { inbounds: [inbound()] }], ['2', { inbounds: [] }]))).toEqual(['in:1080']);
    expect(inboundTags(merge(['1', { inbounds: [] }], ['2', { inbounds: [inbound()] }]))).toEqual(['in:1080']);
  });

  it('points into the file that a problem stands in, with the pointer of that file', () => {
    const result = merge(
      ['1.json', { outbounds: [outbound({ tag: 'a' }), outbound({ tag: 'b', sendThrough: 'x' })] }],
      ['2.json', { outbounds: [outbound({ tag: 'c', proxySettings: { tag: 'nowhere' } })] }],
    );
    expect(faults(result)).toMatchObject([
      { code: 'C_ADDRESS', pointer: '/outbounds/1/sendThrough', range: { file: '1.json' } },
      { code: 'C_UNKNOWN_OUTBOUND', pointer: '/outbounds/0/proxySettings/tag', range: { file: '2.json' } },
    ]);
  });

  it('goes on with the other files where one is broken', () => {
    const result = loadTexts(
      [
        { file: '1', text: '{' },
        { file: '2', text: '{"log": 5}' },
      ],
      { plugins },
    );
    expect(result.diagnostics).toMatchObject([
      { code: 'C_SYNTAX', range: { file: '1' } },
      { code: 'C_TYPE', range: { file: '2' } },
    ]);
    expect([...result.sources.keys()]).toEqual(['1', '2']);
  });
});
