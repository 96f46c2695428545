import { readFileSync } from 'node:fs';
import { schemaFileOf } from '@sluice/plugin-api';
import { expect, it } from 'vitest';
import plugin from './index.js';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));

it('has the schema file of what it contributes: `npm run build` makes it', () => {
  expect(read('schema.json')).toEqual(schemaFileOf(plugin));
});

it('has the version of its package', () => {
  expect(read('package.json')).toMatchObject({ version: plugin.version });
});
