import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  formatDiagnostic,
  loadTexts,
  prepareFormats,
  convertText,
  type Format,
  type TextLoadResult,
} from '@sluice/config';
import { beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../../packages/cli/src/config-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every configuration that is checked in: those to start from, and each plugin's example. */
const files = [
  ...readdirSync(join(root, 'configs')).map((name) => join('configs', name)),
  ...readdirSync(join(root, 'plugins')).map((name) => join('plugins', name, 'example.jsonc')),
];

/** One of each kind. */
const OTHERS: readonly unknown[] = [-1.5, 'x', true, null, [], {}, [{}]];

const options = { plugins, env: {} };

function load(text: string, format: Format): TextLoadResult {
  return loadTexts([{ file: `config.${format}`, text }], options);
}

/** Every diagnostic has a place inside the text and can be shown, and none is a fault of a plugin. */
function expectPlaced(result: TextLoadResult, text: string): void {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const diagnostic of result.diagnostics) {
    const { range, code, message } = diagnostic;
    const isInside =
      range !== undefined &&
      range.line <= range.endLine &&
      range.column <= (lines[range.line - 1]?.length ?? -1) + 1 &&
      range.endColumn <= (lines[range.endLine - 1]?.length ?? -1) + 1;
    if (!isInside || code === 'C_PLUGIN' || message.includes('    at '))
      expect.fail(`${JSON.stringify(diagnostic)}\nof\n${text}`);
  }
  const [first] = result.diagnostics;
  if (first !== undefined && !formatDiagnostic(first, result.sources.get(first.range?.file ?? '')).includes(first.code))
    expect.fail(`cannot be shown: ${JSON.stringify(first)}`);
  const isRefused = result.diagnostics.some(({ severity }) => severity === 'error');
  if ((result.config === undefined) !== isRefused) expect.fail(`no word of what is wrong with\n${text}`);
}

beforeAll(() => prepareFormats([{ file: 'a.yaml' }, { file: 'a.toml' }]));

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(root, file), 'utf8');

  it('has a word about every place where it can be cut off', () => {
    const bytes = Buffer.from(text);
    for (let end = 0; end < bytes.length; end += 1) {
      const cut = bytes.subarray(0, end).toString();
      const result = load(cut, 'jsonc');
      expectPlaced(result, cut);
      // What may be missing is a comment after the object, and the end of a last line.
      if (result.config !== undefined) expect(end).toBeGreaterThan(bytes.lastIndexOf('}'));
    }
  });

  it('has a word about every value of another type, in each format', async () => {
    const { config, plain } = await plainOf(text);
    expect(config).toBeDefined();
    for (const path of paths(plain)) {
      for (const other of OTHERS) {
        const changed = JSON.stringify(replaced(plain, path, other), null, 1);
        expectPlaced(load(changed, 'json'), changed);
      }
      for (const format of ['yaml', 'toml'] as const) {
        const other = OTHERS[path.length % OTHERS.length];
        const json = JSON.stringify(replaced(plain, path, other));
        const { text: converted } = await convertText({ file: 'a.json', text: json }, format, options);
        if (converted !== undefined) expectPlaced(load(converted, format), converted);
      }
    }
  });

  it.each<Format>(['yaml', 'toml'])('has a word about every line where it can be cut off in %s', async (format) => {
    const { text: converted = '' } = await convertText({ file: 'a.jsonc', text }, format, options);
    expect(load(converted, format).config).toBeDefined();
    for (const line of converted.matchAll(/\n/g)) {
      for (const end of [line.index, line.index + 1, line.index + 4]) {
        const cut = converted.slice(0, end);
        expectPlaced(load(cut, format), cut);
      }
    }
  });
});

async function plainOf(text: string): Promise<{ config: unknown; plain: unknown }> {
  const { text: json = '' } = await convertText({ file: 'a.jsonc', text }, 'json', options);
  return { config: load(text, 'jsonc').config, plain: JSON.parse(json) };
}

type Path = readonly (string | number)[];

function* paths(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* paths(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item: unknown, i) => (i === step ? replaced(item, rest, by) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [step]: replaced(object[step], rest, by) };
}
