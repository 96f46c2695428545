export { AssetFolders } from './assets/asset-folders.js';
export { ConfigError } from './config-error.js';
export { convertText, type Converted } from './convert/convert.js';
export { diagnosticCatalogue, type CatalogueEntry, type DiagnosticCode } from './diagnostics/catalogue.js';
export { nearest } from './diagnostics/suggestion.js';
export { formatDiagnostic } from './diagnostics/format.js';
export { LoadCache } from './load-cache.js';
export {
  loadFiles,
  loadObject,
  loadTexts,
  plainTree,
  prepareFormats,
  type LoadOptions,
  type TextFile,
  type TextLoadResult,
} from './load.js';
export { FORMATS, namedFormat, type Format } from './source/format.js';
export type { ConfigNode } from './source/node.js';
export { plainJson } from './source/plain-json.js';
export { readPlainYaml, type PartReader } from './source/plain-yaml.js';
export { Source } from './source/source.js';
export { readText } from './source/files.js';
export * from './model.js';
export { contributedBy } from './plugins/load-plugin.js';
export type { LocatedPlugin } from './plugins/locate.js';
export type { PluginManifest } from './plugins/manifest.js';
export { installedPlugins } from './plugins/installed.js';
export { loadPlugin } from './plugins/load-plugin.js';
export { locatePlugin } from './plugins/locate.js';
export { pluginsNamedIn } from './plugins/named-in.js';
export { wantedBy, type WantedPlugin } from './plugins/named-plugins.js';
export { outlinesOf, type PluginOutlines } from './plugins/outline.js';
export { readSchemaFile, schemaFilePath } from './plugins/schema-file.js';
export { EXTENSIBLE_TYPE, withMatchers, type RuleMatchers } from './rule-matchers.js';
export { composeSchema, type ComposeOptions } from './schema/compose.js';
export { exampleOf } from './schema/example.js';
export type { JsonSchema } from './schema/json-schema.js';
