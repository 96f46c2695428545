import { plugins } from '../config-files.js';
import { version } from '../version.js';

/** `sluice lsp --stdio`: serves an editor at the standard input and output until it says goodbye or is gone. */
export async function lsp(): Promise<void> {
  // Much that no other command needs.
  const { serveStdio } = await import('@sluice/language-server');
  serveStdio({ plugins, version });
}
