import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SluiceError, type AssetFiles } from '@sluice/plugin-api';
import { nearestFile } from './nearest-file.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Several times the largest geo file that is published. */
const MAX_ASSET_BYTES = 128 * 1024 * 1024;

/**
 * Where data files are looked for, in order. The folder that `V2RAY_LOCATION_ASSET` (or
 * `v2ray.location.asset`) names comes in place of the configuration's and the program's; the
 * system's folders come last, as in V2Ray.
 * @param configFiles the configuration's files; none for an object
 */
export function assetFolders(configFiles: readonly string[], env: Environment): string[] {
  const named = env['v2ray.location.asset'] || env['V2RAY_LOCATION_ASSET'];
  const own = named ? [resolve(named)] : [...configFiles.map((file) => dirname(resolve(file))), ...programFolder()];
  const shared = process.platform === 'win32' ? [] : ['/usr/local/share/v2ray', '/usr/share/v2ray'];
  return [...new Set([...own, ...shared])];
}

/** Links such as those in npm's `bin` folders are followed to the program. */
function programFolder(): string[] {
  const program = process.argv[1];
  if (program === undefined) return [];
  try {
    return [dirname(realpathSync(program))];
  } catch {
    return [];
  }
}

/** Files that were read before, by their paths, with what tells whether they have changed. */
export type AssetContents = Map<string, { readonly stamp: string; readonly bytes: Uint8Array }>;

/** Data files in folders, for the time of loading one configuration. */
export class AssetFolders implements AssetFiles {
  readonly #folders: readonly string[];
  readonly #before: AssetContents | undefined;
  readonly #read = new Map<string, Uint8Array | SluiceError>();

  /** @param before to keep files in until they change */
  constructor(folders: readonly string[], before?: AssetContents) {
    this.#folders = folders;
    this.#before = before;
  }

  read(name: string): Uint8Array {
    let found = this.#read.get(name);
    if (found === undefined) {
      found = this.#find(name);
      this.#read.set(name, found);
    }
    if (found instanceof SluiceError) throw found;
    return found;
  }

  #find(name: string): Uint8Array | SluiceError {
    for (const folder of this.#folders) {
      try {
        return readBounded(join(folder, name), this.#before);
      } catch (error) {
        const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
        if (why === 'ENOENT' || why === 'ENOTDIR') continue;
        return new SluiceError('E_CONFIG_INVALID', `the file ${join(folder, name)} cannot be read: ${why}`);
      }
    }
    const near = nearestFile(name, this.#folders);
    const meant = near === undefined ? '' : `; did you mean "${near}"?`;
    return new SluiceError(
      'E_CONFIG_INVALID',
      `there is no file ${name} in ${this.#folders.join(', ')} (V2RAY_LOCATION_ASSET names its folder)${meant}`,
    );
  }
}

/** Regular files only, and not more than a limit. @throws an error with the reason as its `code` */
export function readBounded(path: string, before?: AssetContents): Uint8Array {
  // A pipe must not hold up the opening.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw Object.assign(new TypeError(), { code: 'it is not a file' });
    if (stat.size > MAX_ASSET_BYTES) throw Object.assign(new RangeError(), { code: 'it is larger than 128 MiB' });
    const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    const known = before?.get(path);
    if (known?.stamp === stamp) return known.bytes;
    const bytes = new Uint8Array(stat.size);
    let size = 0;
    for (let n = -1; n !== 0 && size < bytes.length; size += n)
      n = readSync(file, bytes, size, bytes.length - size, null);
    const read = bytes.subarray(0, size);
    before?.set(path, { stamp, bytes: read });
    return read;
  } finally {
    closeSync(file);
  }
}
