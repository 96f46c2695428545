import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { manyRules } from '../rules.mjs';

const run = promisify(execFile);
const KEY_PRESS = fileURLToPath(new URL('../loads/key-press.mjs', import.meta.url));
const SLUICE = fileURLToPath(new URL('../../../packages/cli/bundle/sluice.js', import.meta.url));
const RULES = 10_000;

/**
 * A configuration of ten thousand rules, checked by the command, or loaded as the language server does it.
 * @param {'check' | 'key'} what
 * @param {'jsonc' | 'yaml'} format
 * @returns {import('./work.mjs').Work}
 */
function config(what, format) {
  return {
    name: `config-10k-${what}-${format}`,
    title: what === 'check' ? `sluice check, 10,000 rules in ${format}` : `the same at a key press in an editor`,
    unit: 'ms',
    better: 'less',
    target: { limit: what === 'check' ? 2000 : 300 },
    only: 'sluice',
    rounds: { quick: 3, full: 5 },
    async open({ folder }) {
      const file = `${folder}/ten-thousand.${format}`;
      const json = `${folder}/ten-thousand.jsonc`;
      writeFileSync(json, `// Made for the bench.\n${JSON.stringify(tenThousand(), undefined, 2)}`);
      if (format !== 'jsonc')
        await run(process.execPath, [SLUICE, 'convert', json, '--to', format, '--force', '-o', file]);
      return {
        async measure() {
          if (what === 'key') {
            const { stdout } = await run(process.execPath, [KEY_PRESS, file]);
            return { value: JSON.parse(stdout).median };
          }
          const begun = performance.now();
          await run(process.execPath, [SLUICE, 'check', file]);
          return { value: performance.now() - begun };
        },
        close: async () => {},
      };
    },
  };
}

export const CONFIG = [
  config('check', 'jsonc'),
  config('key', 'jsonc'),
  config('check', 'yaml'),
  config('key', 'yaml'),
];

function tenThousand() {
  return {
    inbounds: [{ tag: 'in', listen: '127.0.0.1', port: 1080, protocol: 'socks' }],
    outbounds: [{ tag: 'out', protocol: 'freedom' }],
    routing: { rules: manyRules(RULES, 'out') },
  };
}
