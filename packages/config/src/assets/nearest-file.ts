import { readdirSync } from 'node:fs';
import { nearest } from '../diagnostics/suggestion.js';

/** A file of the folders with nearly this name. */
export function nearestFile(name: string, folders: readonly string[]): string | undefined {
  const names = folders.flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return nearest(name, names);
}
