import { API_VERSION, CONTRIBUTION_KINDS, type PluginSchemaFile } from '@sluice/plugin-api';
import { locatePlugin, type LocatedPlugin } from './locate.js';
import { ManifestError, takesApi } from './manifest.js';
import { pluginFolders, type WantedPlugin } from './named-plugins.js';
import { readSchemaFile, schemaFilePath } from './schema-file.js';

/** What is known of plugins without running them. */
export interface PluginOutlines {
  readonly plugins: readonly PluginSchemaFile[];
  /** Of whom nothing or not all is known, and why. */
  readonly problems: readonly { readonly wanted: WantedPlugin; readonly message: string }[];
  /** Whether there may be names that nobody knows, because a plugin does not say what it contributes. */
  readonly isOpen: boolean;
}

/** What the manifests and schema files of plugins say. Runs nothing of them. Never throws. */
export function outlinesOf(wanted: readonly WantedPlugin[]): PluginOutlines {
  const plugins: PluginSchemaFile[] = [];
  const problems: { wanted: WantedPlugin; message: string }[] = [];
  const entries = new Set<string>();
  let isOpen = false;
  for (const one of wanted) {
    try {
      const located = locatePlugin(one.specifier, pluginFolders(one.folder));
      if (entries.has(located.entry)) continue;
      entries.add(located.entry);
      const outline = outlineOf(located);
      plugins.push(...(outline === undefined ? [] : [outline]));
      isOpen ||= outline === undefined;
      if (schemaFilePath(located) === undefined)
        problems.push({ wanted: one, message: 'has no schema file: its options are not known without running it' });
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      isOpen = true;
      problems.push({ wanted: one, message: `cannot be known: ${error.message}` });
    }
  }
  return { plugins, problems, isOpen };
}

/** By its schema file, or else by the names in its manifest; undefined if it has neither. @throws ManifestError */
function outlineOf(located: LocatedPlugin): PluginSchemaFile | undefined {
  const { manifest } = located;
  if (manifest !== undefined && !takesApi(manifest.api))
    throw new ManifestError(`it was written for plugin API ${manifest.api}; this is ${API_VERSION}`);
  const path = schemaFilePath(located);
  const file = path === undefined ? undefined : readSchemaFile(path);
  if (manifest === undefined) return file;
  const { name, version, description } = manifest;
  const outline: Record<string, unknown> = { ...(file ?? { name, version, apiVersion: API_VERSION, description }) };
  for (const kind of CONTRIBUTION_KINDS) {
    const said = manifest.contributes[kind] ?? [];
    const known: Readonly<Record<string, unknown>> = file?.[kind] ?? {};
    const unsaid = Object.keys(known).find((each) => !said.includes(each));
    if (unsaid !== undefined)
      throw new ManifestError(`its schema file has "${unsaid}" (${kind}), of which its package.json says nothing`);
    // What the manifest names alone may have any options.
    const named = said.map((each) => [each, known[each] ?? { description, schema: {} }]);
    if (named.length > 0) outline[kind] = Object.fromEntries(named);
  }
  return outline as unknown as PluginSchemaFile;
}
