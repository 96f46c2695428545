import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '@sluice/plugin-api';

/**
 * Makes a folder and those above it that are missing, for the owner alone. Level by level, as Node's
 * own recursion never ends where a folder can hold no others and the system says ENOENT (/proc).
 * @param folder absolute
 * @returns the first that was made; undefined if none was missing
 * @throws the system's errors
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  if (await exists(folder)) return undefined;
  const above = dirname(folder);
  const first = above === folder ? undefined : await makeFolder(above);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    // Somebody else was faster.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return first ?? folder;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
