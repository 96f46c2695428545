import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ManifestError, readManifest, type PluginManifest } from './manifest.js';

/** A plugin that was asked for, as far as it can be known without running it. */
export interface LocatedPlugin {
  /** As written. */
  readonly specifier: string;
  /** The module to import. */
  readonly entry: string;
  /** The package's folder, or the lone file. */
  readonly from: string;
  /** Undefined for a lone file. */
  readonly manifest: PluginManifest | undefined;
}

/** npm's rule for names; anything else could lead out of node_modules. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const MODULE_FILE = /\.(?:js|mjs|cjs)$/;

/**
 * Finds a plugin by a path ("./local.js", "../my-plugin") or a package's name, which is looked for as
 * Node does, from each of the folders upwards.
 * @param folders the configuration's folder first
 * @throws ManifestError saying why there is none
 */
export function locatePlugin(specifier: string, folders: readonly string[]): LocatedPlugin {
  const [first = '.'] = folders;
  if (specifier.startsWith('.') || isAbsolute(specifier)) return atPath(specifier, resolve(first, specifier));
  if (!PACKAGE_NAME.test(specifier))
    throw new ManifestError('it is neither a package\'s name nor a path: paths begin with "./", "../" or "/"');
  for (const folder of folders) {
    for (let up = resolve(folder); ; up = dirname(up)) {
      const found = join(up, 'node_modules', specifier);
      if (isFile(join(found, 'package.json'))) return ofPackage(specifier, found);
      if (dirname(up) === up) break;
    }
  }
  throw new ManifestError(`no package of this name is installed; try: npm install ${specifier}`);
}

function atPath(specifier: string, path: string): LocatedPlugin {
  if (isFile(join(path, 'package.json'))) return ofPackage(specifier, path);
  if (!isFile(path)) throw new ManifestError(`there is nothing at ${path}`);
  if (!MODULE_FILE.test(path)) throw new ManifestError('a file must be JavaScript: .js, .mjs or .cjs');
  return { specifier, entry: path, from: path, manifest: undefined };
}

function ofPackage(specifier: string, folder: string): LocatedPlugin {
  const manifest = readManifest(join(folder, 'package.json'));
  return { specifier, entry: manifest.entry, from: folder, manifest };
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // Below a file, or where we may not look.
    return false;
  }
}
