import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTRIBUTION_KINDS, type Plugin } from '@sluice/plugin-api';
import type { Problems } from '../diagnostics/problems.js';
import type { ConfigNode, Place } from '../source/node.js';
import { EXTENSIBLE_TYPE } from '../rule-matchers.js';
import { contributedBy, loadPlugin } from './load-plugin.js';
import { locatePlugin, type LocatedPlugin } from './locate.js';
import { ManifestError } from './manifest.js';

/** A plugin that a configuration or the command line asks for. */
export interface WantedPlugin {
  readonly specifier: string;
  /** Where it is looked for first. */
  readonly folder: string;
  readonly place: Place;
}

/** A plugin that is in use, and where it is from. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly located: LocatedPlugin;
}

/** Beside the program itself, where a global installation has them. */
const PROGRAM_FOLDER = dirname(fileURLToPath(import.meta.url));

/** What a file's `plugins` names; other shapes than a list of strings are the schema's to report. */
export function wantedBy(file: string, root: ConfigNode): WantedPlugin[] {
  if (root.kind !== 'object') return [];
  const value = root.members.filter(({ key }) => key.toLowerCase() === 'plugins').at(-1)?.value;
  if (value?.kind !== 'array') return [];
  return value.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string'
      ? [{ specifier: item.value, folder: dirname(file), place: item.place }]
      : [],
  );
}

/** Where a plugin is looked for, in order. */
export function pluginFolders(folder: string): string[] {
  return [...new Set([folder, process.cwd(), PROGRAM_FOLDER])];
}

/**
 * Loads what is wanted, each once. Every failure is reported at its place: which plugin, and why.
 * @param known what is there already, and what nobody may contribute again
 */
export async function loadNamedPlugins(
  wanted: readonly WantedPlugin[],
  known: readonly Plugin[],
  problems: Problems,
): Promise<LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = [];
  const entries = new Set<string>();
  for (const { specifier, folder, place } of wanted) {
    try {
      const located = locatePlugin(specifier, pluginFolders(folder));
      if (entries.has(located.entry)) continue;
      entries.add(located.entry);
      const plugin = await loadPlugin(located);
      const clash = clashOf(plugin, [...known, ...loaded.map((each) => each.plugin)]);
      if (clash === undefined) loaded.push({ plugin, located });
      else problems.error('C_PLUGIN_CLASH', place, `the plugin "${specifier}" ${clash}`);
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      problems.error('C_PLUGIN_LOAD', place, `the plugin "${specifier}" cannot be used: ${error.message}`);
    }
  }
  return loaded;
}

/** What two plugins both want to be, in words. */
function clashOf(plugin: Plugin, others: readonly Plugin[]): string | undefined {
  const namesake = others.find(({ name }) => name === plugin.name);
  if (namesake !== undefined) return `has the name "${plugin.name}" of another plugin that is in use`;
  const own = contributedBy(plugin);
  for (const kind of CONTRIBUTION_KINDS) {
    for (const name of own[kind] ?? []) {
      const owner = others.find((other) => holds(other, kind, name));
      if (owner !== undefined)
        return `contributes "${name}" (${kind}), which the plugin "${owner.name}" contributes already`;
    }
  }
  return undefined;
}

/** Names differ by more than their case. */
function holds(plugin: Plugin, kind: (typeof CONTRIBUTION_KINDS)[number], name: string): boolean {
  const conditions = kind === 'ruleMatchers' ? ownConditions(plugin) : [];
  const taken = [...Object.keys(plugin[kind] ?? {}), ...conditions];
  return taken.some((one) => one.toLowerCase() === name.toLowerCase());
}

/** The keys that rules have of their type, beside which conditions of other plugins stand. */
function ownConditions({ ruleTypes }: Plugin): string[] {
  const schema = ruleTypes?.[EXTENSIBLE_TYPE]?.schema as { readonly properties?: object } | undefined;
  return Object.keys(schema?.properties ?? {});
}
