import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadTexts } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import blackhole from '@sluice/plugin-blackhole';
import clashApi from '@sluice/plugin-clash-api';
import dns from '@sluice/plugin-dns';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import http from '@sluice/plugin-http';
import metrics from '@sluice/plugin-metrics';
import mtproto from '@sluice/plugin-mtproto';
import observatory from '@sluice/plugin-observatory';
import reverse from '@sluice/plugin-reverse';
import socks from '@sluice/plugin-socks';
import v2rayApi from '@sluice/plugin-v2ray-api';
import { expect, it } from 'vitest';

const plugins = [
  corePlugin,
  blackhole,
  clashApi,
  dns,
  dokodemoDoor,
  freedom,
  http,
  metrics,
  mtproto,
  observatory,
  reverse,
  socks,
  v2rayApi,
];
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Pages whose blocks are made from what is tested elsewhere: mistakes on purpose, and files of plugins. */
const others = ['diagnostics.md', 'writing-a-plugin.md'];
const pages = [
  'README.md',
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md') && !others.includes(name))
    .map((name) => `docs/${name}`),
  ...readdirSync(`${root}plugins`).map((name) => `plugins/${name}/README.md`),
];

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
