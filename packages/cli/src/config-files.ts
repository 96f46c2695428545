import { loadFiles, type Format } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import { builtInPlugins } from './built-in-plugins.js';

export type LoadedFiles = Awaited<ReturnType<typeof loadFiles>>;

/** Every plugin that ships with Sluice, the core's own part first. */
export const plugins = [corePlugin, ...builtInPlugins];

export interface LoadingOptions {
  readonly strict?: boolean;
  /** Further plugins, from the command line. */
  readonly pluginNames?: readonly string[];
  /** Of all files, whatever their names say. */
  readonly format?: Format | undefined;
}

/** Reads, merges and validates by the plugins that ship with Sluice and those that the files name. */
export function loadConfigFiles(files: readonly string[], options: LoadingOptions = {}): Promise<LoadedFiles> {
  return loadFiles(files, { plugins, ...options });
}
