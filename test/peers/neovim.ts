import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from './process.js';
import { temporaryFolder } from './temporary.js';

const script = fileURLToPath(new URL('neovim.lua', import.meta.url));

/** What Neovim is to do, as `neovim.lua` has it. */
export type Step =
  | { readonly does: 'open'; readonly path: string }
  | { readonly does: 'diagnostics' | 'format' }
  | { readonly does: 'replace'; readonly needle: string; readonly with: string }
  | {
      readonly does: 'ask';
      /** After "textDocument/". */
      readonly method: string;
      /** At the first place of this text, so many characters into it. */
      readonly needle: string;
      readonly offset?: number;
      readonly params?: object;
    }
  | { readonly does: 'rename'; readonly needle: string; readonly offset?: number; readonly to: string }
  | { readonly does: 'act'; readonly code: string; readonly title: string };

/** Has a new Neovim without a screen do some steps with a language server. @returns what came of each */
export async function editWithNeovim(
  server: readonly string[],
  cwd: string,
  steps: readonly Step[],
): Promise<unknown[]> {
  const folder = await temporaryFolder('neovim');
  try {
    const [given, made] = [join(folder.path, 'steps.json'), join(folder.path, 'results.json')];
    await writeFile(given, JSON.stringify(steps));
    const env = {
      HOME: folder.path,
      XDG_CACHE_HOME: join(folder.path, 'cache'),
      XDG_DATA_HOME: join(folder.path, 'data'),
      SLUICE_STEPS: given,
      SLUICE_RESULTS: made,
      SLUICE_SERVER: JSON.stringify(server),
    };
    const { code, stderr } = await runProcess('nvim', ['--headless', '--clean', '-n', '-S', script], {
      cwd,
      env,
      timeout: 50_000,
    });
    const text = await readFile(made, 'utf8').catch(() => undefined);
    const { results, error } = (text === undefined ? {} : JSON.parse(text)) as { results?: unknown[]; error?: string };
    if (results === undefined) throw new Error(`Neovim (${code}): ${error ?? stderr}`);
    return results;
  } finally {
    await folder.remove();
  }
}
