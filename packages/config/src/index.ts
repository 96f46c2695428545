export { AssetFolders } from './assets/asset-folders.js';
export { ConfigError } from './config-error.js';
export { convertText, type Converted } from './convert/convert.js';
export { diagnosticCatalogue, type DiagnosticCode } from './diagnostics/catalogue.js';
export { nearest } from './diagnostics/suggestion.js';
export { formatDiagnostic } from './diagnostics/format.js';
export {
  loadFiles,
  loadObject,
  loadTexts,
  prepareFormats,
  type LoadOptions,
  type TextFile,
  type TextLoadResult,
} from './load.js';
export { FORMATS, namedFormat, type Format } from './source/format.js';
export { readText } from './source/files.js';
export * from './model.js';
export { contributedBy } from './plugins/load-plugin.js';
export type { LocatedPlugin } from './plugins/locate.js';
export type { PluginManifest } from './plugins/manifest.js';
export { composeSchema } from './schema/compose.js';
export type { JsonSchema } from './schema/json-schema.js';
