import { pathToFileURL } from 'node:url';
import { API_VERSION, CONTRIBUTION_KINDS, type ContributionKind, type Plugin } from '@sluice/plugin-api';
import type { LocatedPlugin } from './locate.js';
import { ManifestError, takesApi } from './manifest.js';

/**
 * Runs a plugin's module and looks at what it gives.
 * @throws ManifestError saying why it is of no use: another API version, a failing module, no plugin,
 * or something else than its manifest says
 */
export async function loadPlugin({ entry, manifest }: LocatedPlugin): Promise<Plugin> {
  if (manifest !== undefined && !takesApi(manifest.api))
    throw new ManifestError(`it was written for plugin API ${manifest.api}; this is ${API_VERSION}`);
  let module: unknown;
  try {
    module = await import(pathToFileURL(entry).href);
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new ManifestError(`its module failed: ${why}`);
  }
  const plugin = pluginOf(module);
  if (plugin === undefined) throw new ManifestError(`${entry} has no plugin as its default export (see definePlugin)`);
  if (plugin.apiVersion !== API_VERSION)
    throw new ManifestError(`it was written for plugin API ${plugin.apiVersion}; this is ${API_VERSION}`);
  if (manifest !== undefined) compare(plugin, manifest.contributes);
  return plugin;
}

/** What a plugin contributes: names by kind. */
export function contributedBy(plugin: Plugin): Readonly<Partial<Record<ContributionKind, readonly string[]>>> {
  const kinds = CONTRIBUTION_KINDS.flatMap((kind) => {
    const names = Object.keys(plugin[kind] ?? {});
    return names.length === 0 ? [] : [[kind, names] as const];
  });
  return Object.fromEntries(kinds);
}

/** An ES module's default export, or that of a CommonJS module that was compiled from one. */
function pluginOf(module: unknown): Plugin | undefined {
  const candidates = [property(module, 'default'), property(property(module, 'default'), 'default')];
  return candidates.find((value): value is Plugin => isPlugin(value));
}

function isPlugin(value: unknown): boolean {
  return (
    typeof property(value, 'name') === 'string' &&
    typeof property(value, 'version') === 'string' &&
    typeof property(value, 'apiVersion') === 'number'
  );
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

/** Editors and `sluice plugins` believe the manifest, so it must be true. */
function compare(plugin: Plugin, manifest: Readonly<Record<string, readonly string[]>>): void {
  const actual = contributedBy(plugin);
  for (const kind of CONTRIBUTION_KINDS) {
    const missing = (manifest[kind] ?? []).find((name) => !(actual[kind] ?? []).includes(name));
    if (missing !== undefined)
      throw new ManifestError(`its package.json says that it contributes "${missing}" (${kind}), but it does not`);
    const unsaid = (actual[kind] ?? []).find((name) => !(manifest[kind] ?? []).includes(name));
    if (unsaid !== undefined)
      throw new ManifestError(`it contributes "${unsaid}" (${kind}), of which its package.json says nothing`);
  }
}
