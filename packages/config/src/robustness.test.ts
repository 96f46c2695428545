import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from './diagnostics/format.js';
import { inbound, load, outbound } from './load.fixture.js';
import { loadObject, type TextLoadResult } from './load.js';
import { plugins } from './plugins.fixture.js';

const sample = {
  log: { access: '/tmp/access', loglevel: 'info' },
  inbounds: [
    inbound({
      settings: {
        mode: 'fancy',
        network: 'tcp,udp',
        port: '80',
        tags: ['a'],
        headers: { A: 'b' },
        users: [{ name: 'me', secret: 'ab', level: 1 }],
        nested: { flag: false },
      },
      streamSettings: { network: 'tcp', tcpSettings: { header: { type: 'none' } }, sockopt: { mark: 0 } },
      sniffing: { enabled: false, destOverride: ['http'] },
      allocate: { strategy: 'always' },
    }),
  ],
  outbounds: [
    outbound({ sendThrough: '127.0.0.1', proxySettings: { tag: 'b' }, mux: { enabled: false } }),
    outbound({ tag: 'b' }),
  ],
  routing: { domainStrategy: 'AsIs', rules: [{ type: 'field', inboundTag: ['in'], port: '80', outboundTag: 'out' }] },
  policy: { levels: { 0: { handshake: 4, statsUserUplink: true } }, system: { statsInboundUplink: true } },
  stats: {},
  transport: {},
  inboundDetour: [inbound({ tag: 'older', port: 2 })],
};
const text = `# sample\n${JSON.stringify(sample, null, 2)}`;

/** Every diagnostic has a place inside the text and can be shown. */
function expectPlaced({ diagnostics, sources, config }: TextLoadResult, written: string): void {
  const lines = written.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const diagnostic of diagnostics) {
    const { range } = diagnostic;
    if (range === undefined) throw new TypeError(`no place: ${JSON.stringify(diagnostic)}`);
    expect(range.line).toBeLessThanOrEqual(range.endLine);
    expect(range.endLine).toBeLessThanOrEqual(lines.length);
    expect(range.column).toBeLessThanOrEqual((lines[range.line - 1] as string).length + 1);
    expect(range.endColumn).toBeLessThanOrEqual((lines[range.endLine - 1] as string).length + 1);
    expect(formatDiagnostic(diagnostic, sources.get('config.json'))).toContain(diagnostic.code);
  }
  expect(config === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
}

describe('whatever a file holds, loading ends with placed diagnostics', () => {
  it('reads the sample itself', () => {
    expect(load(text).config).toBeDefined();
  });

  it('cut off anywhere', () => {
    for (let end = 0; end < text.length; end += 1) {
      const prefix = text.slice(0, end);
      const result = load(prefix);
      expectPlaced(result, prefix);
      expect(result.config).toBeUndefined();
    }
  });

  it('with any value replaced by one of another type', () => {
    for (const path of paths(sample)) {
      for (const value of [5, -1, 1.5, 'x', '', true, null, [], {}, [{}], [[5]], { x: null }]) {
        const changed = JSON.stringify(replaced(sample, path, value), null, 1);
        expectPlaced(load(changed), changed);
        expect(() => loadObject(replaced(sample, path, value), { plugins, env: {} })).not.toThrow();
      }
    }
  });

  it('with any stretch taken out or doubled', () => {
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(40), fc.boolean(), (start, length, doubled) => {
        const end = Math.min(text.length, start + length);
        const changed = text.slice(0, doubled ? end : start) + text.slice(doubled ? start : end);
        expectPlaced(load(changed), changed);
      }),
      { numRuns: 200 },
    );
  });

  it('any characters', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '#',
      '//',
      '/*',
      '*/',
      '\\',
      '\n',
      '\r',
      ' ',
      '1',
      '-',
      'null',
      '"log"',
      '"inbounds"',
      '"secret"',
      '😀',
      '\uFEFF',
    );
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 40 }), (written) => {
        expectPlaced(load(written), written);
      }),
      { numRuns: 500 },
    );
  });

  it('any object', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const { config, diagnostics } = loadObject(value, { plugins, env: {} });
        expect(config === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
      }),
    );
  });
});

type Path = readonly (string | number)[];

function* paths(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* paths(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return by;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === step ? replaced(item, rest, by) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [step]: replaced(object[step], rest, by) };
}
