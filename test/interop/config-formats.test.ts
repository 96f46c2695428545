import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { convertText, loadTexts, prepareFormats, type Format, type TextFile } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import type { Plugin } from '@sluice/plugin-api';
import blackhole from '@sluice/plugin-blackhole';
import dns from '@sluice/plugin-dns';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import http from '@sluice/plugin-http';
import mtproto from '@sluice/plugin-mtproto';
import observatory from '@sluice/plugin-observatory';
import reverse from '@sluice/plugin-reverse';
import socks from '@sluice/plugin-socks';
import { beforeAll, expect, it } from 'vitest';
import { corpus } from './config-corpus.js';

const plugins: readonly Plugin[] = [
  corePlugin,
  blackhole,
  dns,
  dokodemoDoor,
  freedom,
  http,
  mtproto,
  observatory,
  reverse,
  socks,
];
const folder = fileURLToPath(new URL('../../configs/', import.meta.url));
const shipped = readdirSync(folder).map((name) => ({ name, text: readFileSync(`${folder}${name}`, 'utf8'), env: {} }));
const texts = [...corpus, ...shipped].map(({ name, text, env }) => [name, [text].flat(), env ?? {}] as const);

beforeAll(() => prepareFormats([{ file: 'a.yaml' }, { file: 'a.toml' }]));

/** The files in another format; undefined if one of them cannot be read, or is no object. */
async function converted(files: readonly TextFile[], to: Format): Promise<TextFile[] | undefined> {
  const results = await Promise.all(files.map((file) => convertText(file, to, { plugins })));
  const all = results.flatMap(({ text }, index) => (text === undefined ? [] : [{ file: `${index}.${to}`, text }]));
  return all.length === files.length ? all : undefined;
}

it.each(texts)('%s is the same in YAML, in TOML and back', async (_name, written, env) => {
  const json = written.map((text, index) => ({ file: `${index}.json`, text }));
  const load = (files: readonly TextFile[]): unknown => {
    const { config, diagnostics } = loadTexts(files, { plugins, env });
    const said = diagnostics.map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`);
    // What stands twice, or after the end, is not written again.
    return { config, said: said.filter((one) => !/C_DUPLICATE_KEY|C_TRAILING/.test(one)).sort() };
  };
  const expected = load(json);
  for (const format of ['yaml', 'toml'] as const) {
    const there = await converted(json, format);
    const readable = !/C_SYNTAX/.test(JSON.stringify(expected)) && !(format === 'toml' && written.includes('[]'));
    expect(there !== undefined).toBe(readable);
    if (there === undefined) continue;
    expect(load(there)).toEqual(expected);
    const back = await converted(there, 'jsonc');
    expect(back && load(back)).toEqual(expected);
  }
});
