import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** Editors write a file in several steps, and tools several files; this long must pass after the last, in ms. */
const QUIET_MS = 300;

/**
 * Calls when one of the files has changed, been replaced or come back. Their folders are watched, as
 * an editor may put another file in the place of the old. Of a folder, every file counts.
 * @returns ends it
 */
export function watchFiles(files: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const byFolder = new Map<string, Set<string>>();
  const whole = new Set<string>();
  for (const file of files.filter((each) => each !== 'stdin:').map((each) => resolve(each))) {
    const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
    const folder = isFolder ? file : dirname(file);
    if (isFolder) whole.add(folder);
    byFolder.set(folder, (byFolder.get(folder) ?? new Set()).add(basename(file)));
  }
  const watchers: FSWatcher[] = [];
  for (const [folder, names] of byFolder) {
    const watcher = watch(folder, (_event, name) => {
      if (name !== null && !names.has(name) && !whole.has(folder)) return;
      clearTimeout(timer);
      timer = setTimeout(changed, QUIET_MS);
    });
    // A folder that goes is no reason to end a core that runs.
    watcher.on('error', () => undefined);
    watchers.push(watcher);
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
