import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadFiles } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import type { Plugin } from '@sluice/plugin-api';
import blackhole from '@sluice/plugin-blackhole';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import http from '@sluice/plugin-http';
import mtproto from '@sluice/plugin-mtproto';
import observatory from '@sluice/plugin-observatory';
import reverse from '@sluice/plugin-reverse';
import socks from '@sluice/plugin-socks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findBinary } from '../peers/debian.js';
import { describePeers } from '../peers/describe-peers.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { corpus } from './config-corpus.js';

const plugins: readonly Plugin[] = [
  corePlugin,
  blackhole,
  dokodemoDoor,
  freedom,
  http,
  mtproto,
  observatory,
  reverse,
  socks,
];

describePeers('configurations that V2Ray takes, and those that it refuses', ['v2ray'], () => {
  let folder: TemporaryFolder;

  beforeAll(async () => {
    folder = await temporaryFolder('corpus');
  });

  afterAll(() => folder.remove());

  it.each(corpus.map((one, index) => [index, one.name, one] as const))(
    '%i: %s',
    async (index, _, { text, env, differs }) => {
      const texts = typeof text === 'string' ? [text] : text;
      const files = texts.map((__, n) => join(folder.path, `${index}-${n}.json`));
      await Promise.all(files.map((file, n) => writeFile(file, texts[n] ?? '')));
      const [theirs, ours] = await Promise.all([
        v2rayTakes(files, env ?? {}),
        loadFiles(files, { plugins, env: { ...env } }),
      ]);
      const weTake = ours.config !== undefined;
      const said = JSON.stringify(ours.diagnostics, null, 1);
      // A difference that is gone must leave the list, too.
      expect(weTake, `${differs?.why ?? 'V2Ray decides otherwise'}: ${theirs.output}\n${said}`).toBe(
        differs === undefined ? theirs.takes : !theirs.takes,
      );
      expect(weTake).toBe(!ours.diagnostics.some(({ severity }) => severity === 'error'));
      if (differs?.code !== undefined) expect(ours.diagnostics.map(({ code }) => code)).toContain(differs.code);
    },
  );
});

async function v2rayTakes(
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ takes: boolean; output: string }> {
  const v2ray = spawn(findBinary('v2ray') as string, ['-test', ...files.flatMap((file) => ['-config', file])], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [v2ray.stdout, v2ray.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(v2ray, 'close')) as [number | null];
  return { takes: code === 0 && output.includes('Configuration OK'), output };
}
