import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The plugins among the packages that are installed for a folder, sorted: what it could name. Runs nothing. */
export function installedPlugins(folder: string): string[] {
  const found = new Set<string>();
  for (let up = resolve(folder); ; up = dirname(up)) {
    const modules = join(up, 'node_modules');
    for (const name of packagesIn(modules)) if (isPlugin(join(modules, name, 'package.json'))) found.add(name);
    if (dirname(up) === up) return [...found].sort();
  }
}

function packagesIn(modules: string): string[] {
  return names(modules).flatMap((name) =>
    name.startsWith('@') ? names(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}

function isPlugin(manifest: string): boolean {
  try {
    const text = readFileSync(manifest, 'utf8');
    // Few packages have the word at all.
    if (!text.includes('"sluice"')) return false;
    const { sluice } = JSON.parse(text) as { readonly sluice?: unknown };
    return typeof sluice === 'object' && sluice !== null && 'api' in sluice;
  } catch {
    return false;
  }
}
