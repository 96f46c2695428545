import { runProcess, type RunResult } from './process.js';

// A proxy that the surroundings name would stand beside the one under test.
const withoutProxies = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
    [name, undefined],
    [name.toUpperCase(), undefined],
  ]),
);

/** Runs curl, silent but for errors, with a time limit (milliseconds, default 30,000) and no settings but these. */
export function curl(
  args: readonly string[],
  options: { readonly input?: string | Uint8Array; readonly timeout?: number } = {},
): Promise<RunResult> {
  return runProcess('curl', ['-q', '-sS', ...args], { ...options, env: withoutProxies });
}
