// Loads a configuration as the language server does, with a small change each time. Prints the median in ms as JSON.
import { readFileSync } from 'node:fs';
import { LoadCache, loadTexts, prepareFormats } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import freedom from '@sluice/plugin-freedom';
import socks from '@sluice/plugin-socks';

const TIMES = 9;
const file = process.argv[2] ?? '';
const text = readFileSync(file, 'utf8');
await prepareFormats([{ file }]);
const cache = new LoadCache();
const plugins = [corePlugin, freedom, socks];
const took = [];
for (let i = 0; i < TIMES; i += 1) {
  // In the midst of the file, so that all that follows is moved.
  const changed = text.replace('keyword:word-5003', `keyword:word-${'x'.repeat(i)}`);
  const begun = performance.now();
  const { config, diagnostics } = loadTexts([{ file, text: changed }], { plugins, cache, env: {} });
  took.push(performance.now() - begun);
  if (config === undefined) throw new Error(JSON.stringify(diagnostics.slice(0, 3)));
}
took.sort((a, b) => a - b);
console.log(JSON.stringify({ median: took[TIMES >> 1] }));
