import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errorCatalogue } from '@sluice/net';

it('docs/errors.md lists exactly the codes of the catalogue, with their meanings', async () => {
  const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(E_[A-Z_]+)` *\| (.+?) *\|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(Object.fromEntries(rows)).toEqual(errorCatalogue);
  expect(rows).toHaveLength(Object.keys(errorCatalogue).length);
});
