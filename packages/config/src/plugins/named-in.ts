import { Problems } from '../diagnostics/problems.js';
import { filesOf, readText } from '../source/files.js';
import { formatOf } from '../source/format.js';
import type { ConfigNode } from '../source/node.js';
import { prepareReaders, readerOf } from '../source/readers.js';
import { Source } from '../source/source.js';
import { wantedBy, type WantedPlugin } from './named-plugins.js';

/**
 * The plugins that configuration files name. Loads none of them. Never throws: what is wrong with a file that cannot
 * be read is for `loadFiles` to say.
 */
export async function pluginsNamedIn(
  paths: readonly string[],
): Promise<{ readonly wanted: readonly WantedPlugin[]; readonly unreadable: readonly string[] }> {
  const wanted: WantedPlugin[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    const roots = await Promise.all(await filesIn(path).then((files) => files.map(rootOf)));
    for (const { file, root } of roots) {
      if (root === undefined) unreadable.push(file);
      else wanted.push(...wantedBy(file, root));
    }
  }
  return { wanted, unreadable };
}

function filesIn(path: string): Promise<string[]> {
  return filesOf(path).catch(() => [path]);
}

async function rootOf(file: string): Promise<{ readonly file: string; readonly root: ConfigNode | undefined }> {
  const format = formatOf(file);
  try {
    await prepareReaders([format]);
    return { file, root: readerOf(format)?.(new Source(file, await readText(file)), new Problems()) };
  } catch {
    return { file, root: undefined };
  }
}
