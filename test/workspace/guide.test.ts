import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { guidePath, withFiles } from '../../scripts/reference/guide.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read(guidePath);

it('the guide has no block of code that is not a file, as the file is', () => {
  const named = page.match(/^<!-- docs\/examples\/\S+ -->\n\n<!-- prettier-ignore -->\n```\w+$/gm) ?? [];
  expect(named.length).toBeGreaterThan(10);
  expect(page.match(/^```\w+$/gm)).toHaveLength(named.length);
  expect(withFiles(page, read) === page, 'run `npm run generate`').toBe(true);
});

it('the guide shows what it says, and leads nowhere that is not there', () => {
  const links = [...page.matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(2);
  expect(links.filter((path) => !existsSync(join(root, dirname(guidePath), path)))).toEqual([]);
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-'));
  const anchors = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor = '']) => anchor);
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  const { scripts } = JSON.parse(read('docs/examples/sluice-plugin-whisper/package.json')) as { scripts: object };
  for (const [, name = ''] of page.matchAll(/`npm run (\w+)`/g)) expect(Object.keys(scripts)).toContain(name);
});
