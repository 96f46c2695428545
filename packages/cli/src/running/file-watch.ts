import { readlinkSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';

/** Editors write a file in several steps, and tools several files; this long must pass after the last, in ms. */
const QUIET_MS = 300;
/** A chain of links that is longer leads nowhere (as in Linux). */
const MAX_LINKS = 40;

/** Any name in the folder. */
const ALL = Symbol('all');

/**
 * Calls when one of the files has changed, been replaced or come back. Their folders are watched, as
 * an editor may put another file in the place of the old. Of a folder, every file counts. Where links
 * lead to a file, another aim of any of them counts, too.
 * @returns ends it
 */
export function watchFiles(files: readonly string[], changed: () => void): () => void {
  const paths = files.filter((each) => each !== 'stdin:').map((each) => resolve(each));
  let timer: NodeJS.Timeout | undefined;
  let watchers: readonly FSWatcher[] = [];
  const ended = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  };
  const begin = (): void => {
    // Those that are there go first: what is watched once more is told once more.
    ended();
    watchers = [...namesByFolder(paths)].flatMap(([folder, names]) => watchFolder(folder, names, soon));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Links may lead elsewhere now.
      begin();
      changed();
    }, QUIET_MS);
  };
  begin();
  return () => {
    clearTimeout(timer);
    ended();
  };
}

function watchFolder(folder: string, names: ReadonlySet<string | typeof ALL>, changed: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, (_event, name) => {
      if (name === null || names.has(name) || names.has(ALL)) changed();
    });
    // A folder that goes is no reason to end a core that runs.
    watcher.on('error', () => undefined);
    return [watcher];
  } catch {
    // Gone, until a link leads elsewhere.
    return [];
  }
}

/** The names that count, by the folders in which they stand. */
function namesByFolder(paths: readonly string[]): Map<string, Set<string | typeof ALL>> {
  const found = new Map<string, Set<string | typeof ALL>>();
  const add = (folder: string, name: string | typeof ALL): void => {
    found.set(folder, (found.get(folder) ?? new Set()).add(name));
  };
  for (const path of paths) {
    const { links, target } = wayTo(path);
    for (const link of [...links, target]) add(dirname(link), basename(link));
    if (isFolder(target)) add(target, ALL);
  }
  return found;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // It is not there, or links lead in a circle.
    return false;
  }
}

/** The links on the way to a path, and what it leads to in the end; of what is not there, as far as it can be known. */
function wayTo(path: string): { readonly links: readonly string[]; readonly target: string } {
  const links: string[] = [];
  const { root } = parse(path);
  let target = root;
  let rest = path.slice(root.length).split(sep);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const at = join(target, name);
    const aim = links.length < MAX_LINKS ? aimOf(at) : undefined;
    if (aim === undefined) {
      target = at;
      continue;
    }
    links.push(at);
    if (isAbsolute(aim)) target = parse(aim).root;
    rest = [...aim.split(sep).filter((part) => part !== ''), ...rest];
  }
  return { links, target };
}

function aimOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // No link, or nothing.
    return undefined;
  }
}
