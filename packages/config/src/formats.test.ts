import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertText } from './convert/convert.js';
import { formatDiagnostic } from './diagnostics/format.js';
import { inbound, outbound, summary } from './load.fixture.js';
import { loadFiles, loadTexts, prepareFormats, type TextLoadResult } from './load.js';
import { plugins } from './plugins.fixture.js';
import type { Format } from './source/format.js';

const options = { plugins, env: {} };
const sample = {
  log: { access: '/tmp/access', loglevel: 'info' },
  inbounds: [
    inbound({
      settings: { mode: 'fancy', port: '80', tags: ['a'], users: [{ name: 'me', secret: 'ab', level: 1 }] },
      sniffing: { enabled: false, destOverride: ['http'] },
    }),
  ],
  outbounds: [outbound({ proxySettings: { tag: 'b' } }), outbound({ tag: 'b' })],
  routing: { rules: [{ type: 'field', inboundTag: ['in'], port: '80', outboundTag: 'out' }] },
  policy: { levels: { 0: { handshake: 4 } } },
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-formats-'));
  await prepareFormats([{ file: 'a.yaml' }, { file: 'a.toml' }]);
});

afterAll(() => rm(folder, { recursive: true }));

async function written(value: unknown, to: Format): Promise<string> {
  const { text } = await convertText({ file: 'a', text: JSON.stringify(value), format: 'json' }, to, options);
  if (text === undefined) throw new TypeError('not converted');
  return text;
}

/** Every diagnostic has a place inside the text and can be shown. */
function expectPlaced({ diagnostics, sources, config }: TextLoadResult, text: string): void {
  const lines = text.split(/\r\n|\n|\r/);
  for (const diagnostic of diagnostics) {
    const { range } = diagnostic;
    if (range === undefined) throw new TypeError(`no place: ${JSON.stringify(diagnostic)}`);
    expect(range.endLine).toBeLessThanOrEqual(lines.length);
    expect(range.column).toBeLessThanOrEqual((lines[range.line - 1] as string).length + 1);
    expect(range.endColumn).toBeLessThanOrEqual((lines[range.endLine - 1] as string).length + 1);
    expect(formatDiagnostic(diagnostic, sources.get(range.file))).toContain(diagnostic.code);
  }
  expect(config === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
}

describe.each<Format>(['yaml', 'toml'])('%s', (format) => {
  const load = (text: string): TextLoadResult => loadTexts([{ file: `config.${format}`, text }], options);

  it('is the same configuration as JSON', async () => {
    const json = loadTexts([{ file: 'config.json', text: JSON.stringify(sample) }], options);
    const result = load(await written(sample, format));
    expect(result.config).toBeDefined();
    expect(result.config).toEqual(json.config);
  });

  it('cut off anywhere', async () => {
    const text = `# head\n${await written(sample, format)}`;
    for (let end = 0; end <= text.length; end += 1) expectPlaced(load(text.slice(0, end)), text.slice(0, end));
    for (const broken of ['- \r\n[, ', 'a:\r\n\t- x\r\n  "', '\n\'"""\r\nlog']) expectPlaced(load(broken), broken);
  });

  it('with any stretch taken out', async () => {
    const text = await written(sample, format);
    for (let start = 0; start < text.length; start += 1) {
      const changed = text.slice(0, start) + text.slice(start + 1 + (start % 7));
      expectPlaced(load(changed), changed);
    }
  });

  it('with any value replaced by one of another type', async () => {
    for (const path of paths(sample)) {
      for (const value of [5, -1, 1.5, 'x', '', true, [], {}, [{}], [[5]], { x: 'y' }]) {
        const changed = replaced(sample, path, value);
        const text = await written(changed, format);
        const result = load(text);
        expectPlaced(result, text);
        const json = loadTexts([{ file: 'config.json', text: JSON.stringify(changed) }], options);
        const codes = (all: TextLoadResult): string[] => summary(all).sort();
        // In YAML, a number without quotes is a text where one is wanted.
        if (format === 'toml' || !/\d|true/.test(JSON.stringify(value))) expect(codes(result)).toEqual(codes(json));
      }
    }
  });
});

describe('files', () => {
  it('are read by their names, or by what is said', async () => {
    const yaml = join(folder, 'a.YML');
    const other = join(folder, 'a.conf');
    await writeFile(yaml, await written(sample, 'yaml'));
    await writeFile(other, await written(sample, 'toml'));
    expect((await loadFiles([yaml], options)).config).toBeDefined();
    expect(summary(await loadFiles([other], options))[0]).toContain('error C_SYNTAX');
    expect((await loadFiles([other], { ...options, format: 'toml' })).config).toBeDefined();
    expect(await readFile(other, 'utf8')).toContain('[[inbounds]]');
  });

  it('of a folder are merged in the order of their names', async () => {
    const path = join(folder, 'config.d');
    await mkdir(join(path, 'z.json'), { recursive: true });
    await writeFile(join(path, '20.toml'), '[log]\nloglevel = "debug"\n[[outbounds]]\ntag = "c"\nprotocol = "exit"\n');
    await writeFile(join(path, '10-base.json'), JSON.stringify(sample));
    await writeFile(join(path, '30.yaml'), 'inbounds:\n  - {tag: more, port: 1081, protocol: echo}\n');
    await writeFile(join(path, 'notes.txt'), 'no configuration');
    const { config, diagnostics } = await loadFiles([path], options);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(config?.log.loglevel).toBe('debug');
    expect(config?.inbounds.map(({ tag }) => tag)).toEqual(['in', 'more']);
    expect(config?.outbounds.map(({ tag }) => tag)).toEqual(['c', 'out', 'b']);
    await writeFile(join(path, '40.toml'), 'log = 5');
    const broken = await loadFiles([path], options);
    expect(broken.diagnostics.at(-1)).toMatchObject({
      code: 'C_TYPE',
      range: { file: join(path, '40.toml'), line: 1 },
    });
  });
});

type Path = readonly (string | number)[];

function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [
    ...(path.length === 0 ? [] : [path]),
    ...inner.flatMap(([key, one]: [string | number, unknown]) => paths(one, [...path, key])),
  ];
}

function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((one: unknown, index) => (index === step ? replaced(one, rest, by) : one));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [step]: replaced(object[step], rest, by) };
}
