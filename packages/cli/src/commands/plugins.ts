import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { contributedBy, readSchemaFile, schemaFilePath, type Diagnostic, type LocatedPlugin } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import { schemaFileOf, type Plugin } from '@sluice/plugin-api';
import { builtInPlugins } from '../built-in-plugins.js';
import { loadConfigFiles } from '../config-files.js';

export interface PluginsOptions {
  readonly config: readonly string[];
  readonly plugin?: readonly string[];
  readonly json?: boolean;
}

/** What is known of a plugin; what could not be loaded has a `problem` and little else. */
interface PluginLine {
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** "built in", or the folder or file that it is from. */
  readonly from: string;
  readonly contributes?: Readonly<Record<string, readonly string[]>>;
  readonly status: 'ok' | 'refused';
  readonly problem?: string;
  /** What to think of before trusting it. */
  readonly posture: readonly string[];
}

const BUILT_IN = 'built in';
/** Group and others. */
const WRITABLE_BY_OTHERS = 0o022;
const REFUSALS = ['C_PLUGIN_LOAD', 'C_PLUGIN_CLASH'];

/**
 * `sluice plugins`: what there is, where from, what it contributes, and what to think of it.
 * @returns 1 if a plugin that is named cannot be used
 */
export async function listPlugins(options: PluginsOptions): Promise<number> {
  const { plugins, origins, diagnostics } = await loadConfigFiles(options.config, {
    pluginNames: options.plugin ?? [],
  });
  const refused = diagnostics.filter(({ code }) => REFUSALS.includes(code));
  const lines = [
    ...plugins.map((plugin) => (isBuiltIn(plugin) ? builtIn(plugin) : fromElsewhere(plugin, origins.get(plugin)))),
    ...refused.map(refusedLine),
  ];
  const text = options.json === true ? [JSON.stringify(lines, null, 2)] : lines.flatMap(describe);
  process.stdout.write(`${text.join('\n')}\n`);
  return refused.length === 0 ? 0 : 1;
}

function isBuiltIn(plugin: Plugin): boolean {
  return plugin === corePlugin || builtInPlugins.includes(plugin);
}

function builtIn(plugin: Plugin): PluginLine {
  const { name, version, description } = plugin;
  const contributes = contributedBy(plugin);
  return { name, version, description, from: BUILT_IN, contributes, status: 'ok', posture: ['ships with Sluice'] };
}

function fromElsewhere(plugin: Plugin, located: LocatedPlugin | undefined): PluginLine {
  const { name, version, description } = plugin;
  const posture = ['runs with all rights of the program'];
  if (located !== undefined && isWritableByOthers(located.entry)) posture.push('others on this machine can change it');
  if (located?.manifest?.hasInstallScript === true) posture.push('ran code of its own when it was installed');
  posture.push(...editorPosture(plugin, located));
  const from = located?.from ?? 'unknown';
  return { name, version, description, from, contributes: contributedBy(plugin), status: 'ok', posture };
}

/** Whether editors, which do not run it, know what it is. */
function editorPosture(plugin: Plugin, located: LocatedPlugin | undefined): string[] {
  if (located === undefined) return [];
  const path = schemaFilePath(located);
  if (path === undefined)
    return [`has no ${located.manifest === undefined ? 'manifest' : 'schema file'}: editors do not know its options`];
  try {
    if (isDeepStrictEqual(readSchemaFile(path), schemaFileOf(plugin))) return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return ['its schema file is out of date: editors say other things of it than it does'];
}

function refusedLine({ message }: Diagnostic): PluginLine {
  const name = /"([^"]*)"/.exec(message)?.[1] ?? 'unknown';
  return { name, from: 'named in the configuration', status: 'refused', problem: message, posture: [] };
}

function isWritableByOthers(file: string): boolean {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & WRITABLE_BY_OTHERS) !== 0;
}

function describe({ name, version, from, contributes, status, problem, posture }: PluginLine): string[] {
  if (status === 'refused') return [`${name}  REFUSED`, `  ${problem ?? ''}`];
  const kinds = Object.entries(contributes ?? {}).map(([kind, names]) => `${kind}: ${names.join(', ')}`);
  return [`${name} ${version ?? ''}  (${from})`, ...kinds.map((line) => `  ${line}`), `  ${posture.join('; ')}`];
}
