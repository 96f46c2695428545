import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadTexts } from '@sluice/config';
import { expect, it } from 'vitest';
import { plugins } from '../../packages/cli/src/config-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...readdirSync(`${root}plugins`).map((name) => `plugins/${name}/README.md`)];

/** The configurations that a page shows: its blocks of JSON with inbounds. */
const shown = pages.flatMap((page) =>
  [...readFileSync(`${root}${page}`, 'utf8').matchAll(/```jsonc?\n([\s\S]*?)```/g)]
    .map(([, text = ''], index) => [`${page}, block ${index + 1}`, text] as const)
    .filter(([, text]) => text.includes('"inbounds"')),
);

it('finds configurations to check', () => {
  expect(shown.map(([name]) => name)).toContain('plugins/mtproto/README.md, block 1');
});

it.each(shown)('%s has nothing to object to', (_name, text) => {
  const { diagnostics } = loadTexts([{ file: 'page.json', text }], { plugins });
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
});
