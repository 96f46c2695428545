import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { covered, faults, inbound, load, loadValue, outbound } from '../load.fixture.js';
import { loadFiles, loadTexts } from '../load.js';
import { broken, plugins } from '../plugins.fixture.js';
import { harmless, hints, warnings } from './advice-cases.fixture.js';
import { diagnosticCatalogue, type CatalogueEntry, type DiagnosticCode } from './catalogue.js';
import { errors, rule } from './error-cases.fixture.js';

/** Those that the catalogue says a code may have. */
function severities(code: string): string[] {
  const { severity, also }: CatalogueEntry = diagnosticCatalogue[code as DiagnosticCode];
  return also === undefined ? [severity] : [severity, also];
}

describe('diagnostics', () => {
  const seen = new Set<string>();

  it.each([
    ...errors.map((one) => ({ severity: 'error', name: one[0], one })),
    ...warnings.map((one) => ({ severity: 'warning', name: one[0], one })),
    ...hints.map((one) => ({ severity: 'info', name: one[0], one })),
  ])('$severity: $name', ({ severity, one: [, value, code, pointer, covers, message] }) => {
    const text = JSON.stringify(value, null, 2);
    const result = load(text);
    const found = severity === 'info' ? result.diagnostics : faults(result);
    expect(found).toMatchObject([{ code, severity, pointer }]);
    expect(result.config === undefined).toBe(severity === 'error');
    const [diagnostic] = found as [(typeof found)[0]];
    expect(covered(text, diagnostic)).toBe(covers);
    if (message !== undefined) expect(diagnostic.message).toMatch(message);
    expect(severities(code)).toContain(severity);
    expect(Object.isFrozen(diagnostic)).toBe(true);
    seen.add(code);
  });

  it.each(harmless)('nothing: %s', (_, value) => {
    const { config, diagnostics } = loadValue(value);
    expect(diagnostics).toEqual([]);
    expect(config).toBeDefined();
  });

  it('reports a file that cannot be read, and a folder without configurations', async () => {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const { config, diagnostics } = await loadFiles(['/nowhere/config.json', folder], { plugins });
    expect(config).toBeUndefined();
    expect(diagnostics).toMatchObject([
      {
        code: 'C_READ',
        message: expect.stringContaining('ENOENT') as string,
        range: { file: '/nowhere/config.json', line: 1, column: 1 },
      },
      { code: 'C_READ', message: expect.stringContaining('no configuration is in') as string, range: { file: folder } },
    ]);
    expect((await loadFiles([], { plugins })).diagnostics).toMatchObject([{ code: 'C_READ' }]);
    seen.add('C_READ');
  });

  it.runIf(existsSync('/dev/zero'))('C_READ: what has no end', async () => {
    const { config, diagnostics } = await loadFiles(['/dev/zero'], { plugins });
    expect(config).toBeUndefined();
    expect(diagnostics).toMatchObject([
      { code: 'C_READ', message: 'the file cannot be read: it is larger than 32 MiB' },
    ]);
  });

  it('reports what a plugin does wrong', () => {
    for (const protocol of Object.keys(broken.inbounds ?? {})) {
      const { diagnostics } = loadValue({ inbounds: [inbound({ protocol })] }, { plugins: [broken] });
      expect(diagnostics).toMatchObject([
        { code: 'C_PLUGIN', severity: 'error', message: expect.stringContaining('"broken"') as string },
      ]);
    }
    seen.add('C_PLUGIN');
  });

  it('says which tags there are, unless they are many', () => {
    const said = (count: number): unknown => {
      const outbounds = Array.from({ length: count }, (_, i) => outbound({ tag: `out${i}` }));
      const result = loadValue({ outbounds, routing: { rules: [rule({ outboundTag: 'aut1' })] } });
      return faults(result)[0];
    };
    expect(said(2)).toMatchObject({ found: '"aut1"', expected: '"out0" or "out1"', suggestion: '"out1"' });
    expect(said(9)).toMatchObject({ found: '"aut1"', suggestion: '"out1"' });
    expect(said(9)).not.toHaveProperty('expected');
  });

  it('reports all that is wrong in one run, of whatever kind', () => {
    const certificates = [{ certificate: ['x'], key: ['x'] }];
    const { diagnostics } = loadValue({
      log: { loglevel: 5 },
      inbounds: [
        inbound({ settings: { mode: 'plian' } }),
        inbound({ streamSettings: { security: 'tls', tlsSettings: { certificates } } }),
        inbound({ tag: 'b' }),
        inbound({ tag: 'c', settings: { users: ['x', 'x'].map((name) => ({ name, secret: 'a' })) } }),
      ],
      outbounds: [outbound({ proxySettings: { tag: 'out' } }), outbound({ tag: 'b' }), { protocol: 'vmess' }],
      routing: {
        balancers: [{ tag: 'b' }],
        rules: [rule({}), rule({ outboundTag: 'oat' }), rule({ domain: [5] }), { type: 'field' }, rule({ prt: 5 })],
      },
    });
    const codes = diagnostics.map(({ code }) => code);
    expect(new Set(codes)).toEqual(
      new Set([
        ...['C_VALUE', 'C_TYPE', 'C_MISSING', 'C_UNKNOWN_KEY', 'C_UNAVAILABLE', 'C_CERTIFICATE', 'C_DUPLICATE_USER'],
        ...['C_DUPLICATE_TAG', 'C_LISTEN_CONFLICT', 'C_UNKNOWN_PROTOCOL', 'C_OUTBOUND_LOOP', 'C_UNKNOWN_OUTBOUND'],
        ...['C_HIDDEN_RULE', 'C_UNUSED_OUTBOUND', 'C_UNUSED_BALANCER', 'C_CHECK'],
      ]),
    );
    for (const code of codes) seen.add(code);
  });

  it('reports what stands in other tests', () => {
    seen.add('C_PLUGIN_LOAD').add('C_PLUGIN_CLASH');
    seen.add(load('{').diagnostics[0]?.code ?? '');
    seen.add(load('{} x').diagnostics[0]?.code ?? '');
    seen.add(load('{"log": {}, "log": {}}').diagnostics[0]?.code ?? '');
    const two = ['{"inbounds": [{"port": 1, "protocol": "echo"}]}', '{"inbounds": [{"port": 2, "protocol": "echo"}]}'];
    seen.add(
      loadTexts(
        two.map((text, n) => ({ file: String(n), text })),
        { plugins },
      ).diagnostics[0]?.code ?? '',
    );
    expect([...seen]).toEqual(expect.arrayContaining(['C_SYNTAX', 'C_TRAILING', 'C_DUPLICATE_KEY', 'C_MERGE']));
  });

  afterAll(() => {
    expect([...seen].sort()).toEqual(Object.keys(diagnosticCatalogue).sort());
  });
});
