import { loadFiles } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import { builtInPlugins } from './built-in-plugins.js';

export type LoadedFiles = Awaited<ReturnType<typeof loadFiles>>;

/** Every plugin that configurations may use. */
export const plugins = [corePlugin, ...builtInPlugins];

/** Reads, merges and validates by the plugins that ship with Sluice. */
export function loadConfigFiles(files: readonly string[], options: { strict?: boolean } = {}): Promise<LoadedFiles> {
  return loadFiles(files, { plugins, ...options });
}
