import { Type, type Plugin, type TSchema } from '@sluice/plugin-api';
import { AssetFolders, assetFolders } from './assets/asset-folders.js';
import { buildConfig } from './build.js';
import { checkBalancers } from './checks/balancers.js';
import { checkCertificates } from './checks/certificates.js';
import { checkHiddenRules } from './checks/hidden-rules.js';
import { checkListenConflicts } from './checks/listen-conflicts.js';
import { checkOutboundChain } from './checks/outbound-chain.js';
import { checkReferences } from './checks/references.js';
import { checkDuplicateTags } from './checks/tags.js';
import { checkUnavailable } from './checks/unavailable.js';
import { checkUnused } from './checks/unused.js';
import { PluginContributions } from './contributions.js';
import { describeFound } from './diagnostics/found.js';
import { Problems, rangeOf } from './diagnostics/problems.js';
import type { EntryContext } from './entries/context.js';
import { readBalancer } from './entries/balancer.js';
import { readInbound } from './entries/inbound.js';
import { readOutbound } from './entries/outbound.js';
import { readRule } from './entries/rule.js';
import { readServices } from './entries/service.js';
import type { KeptText, LoadCache } from './load-cache.js';
import type { LoadResult, SluiceConfig } from './model.js';
import { modernise } from './normalise/legacy.js';
import { mergeFiles, type FileRoot } from './normalise/merge.js';
import { normalise } from './normalise/normalise.js';
import { inboundSchema } from './schema/inbound.js';
import type { JsonSchema } from './schema/json-schema.js';
import { outboundSchema } from './schema/outbound.js';
import { rootSchema } from './schema/root.js';
import { balancerSchema, ruleSchema, strategySchema } from './schema/routing.js';
import { NO_LAYERS, type LayerSchema, type StreamLayers } from './schema/stream.js';
import { pruned } from './schema/pruned.js';
import { secretNames } from './schema/secret-names.js';
import type { LocatedPlugin } from './plugins/locate.js';
import { loadNamedPlugins, wantedBy, type WantedPlugin } from './plugins/named-plugins.js';
import { filesOf, readText } from './source/files.js';
import { formatOf, type Format } from './source/format.js';
import { items, member, type ConfigNode, type ObjectNode } from './source/node.js';
import { readObject } from './source/object.js';
import { prepareReaders, readerOf } from './source/readers.js';
import type { ReadingOptions } from './source/reading-options.js';
import { maskSecrets, maskTree } from './source/secret-mask.js';
import { Source } from './source/source.js';
import { validate } from './validation/validate.js';
import { Validator } from './validation/validator.js';

export interface LoadOptions {
  /** Where the protocols and rule types come from. */
  readonly plugins: readonly Plugin[];
  /** Makes keys that nothing reads an error. Default false. */
  readonly strict?: boolean | undefined;
  /** What "env:NAME" reads, and what names the folder of data files. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Plugins to load beside those that the files name: packages, or paths from the working directory. */
  readonly pluginNames?: readonly string[] | undefined;
  /** Tags of outbounds that are there beside those of the configuration. */
  readonly knownOutbounds?: readonly string[] | undefined;
  /** Of all files, whatever their names say. */
  readonly format?: Format | undefined;
  /** Makes loading what was loaded before quick, where little has changed. Default: everything is read anew. */
  readonly cache?: LoadCache | undefined;
}

export interface TextFile {
  readonly file: string;
  readonly text: string;
  /** Default: by the file's name. */
  readonly format?: Format | undefined;
}

/** A result with the texts that diagnostics point into, by file, for `formatDiagnostic`. */
export interface TextLoadResult extends LoadResult {
  /** Without byte order marks, and with every secret's characters replaced, so that offsets hold. */
  readonly sources: ReadonlyMap<string, string>;
  /** Those that were given, and those that were loaded because the files name them. */
  readonly plugins: readonly Plugin[];
  /** Where those that were loaded are from. */
  readonly origins: ReadonlyMap<Plugin, LocatedPlugin>;
}

/** Of what is the core's in a configuration: plugins' parts are read by their own schemas. */
function coreSchema(plugins: readonly Plugin[]): JsonSchema {
  const { services, transports, securities } = new PluginContributions(plugins);
  const anything = Object.fromEntries([...services.values()].map(({ name }) => [name, Type.Unsafe({})]));
  const hasLayers = transports.size + securities.size > 0;
  const entries = hasLayers
    ? entrySchemas({ transports: open(transports), securities: open(securities) })
    : bareEntries;
  return rootSchema({
    ...entries,
    rule: ruleSchema,
    balancer: balancerSchema(strategySchema),
    services: anything,
  });
}

function entrySchemas(layers: StreamLayers): { readonly inbound: TSchema; readonly outbound: TSchema } {
  return { inbound: inboundSchema(layers), outbound: outboundSchema(layers) };
}

/** Made once: what is known of a schema is kept by the schema. */
const bareEntries = entrySchemas(NO_LAYERS);

/** Layers whose settings are read later. */
function open(layers: PluginContributions['transports']): LayerSchema[] {
  return [...layers.values()].map(({ name, contribution }) => ({
    name,
    description: contribution.description,
    settings: Type.Unsafe({}),
  }));
}

const validator = new Validator();

/**
 * Reads files, and of folders all that are in them, loads the plugins that they name, merges them in
 * order as V2Ray's -config does, and validates. "stdin:" is the standard input. Never throws.
 */
export async function loadFiles(paths: readonly string[], options: LoadOptions): Promise<TextLoadResult> {
  const problems = new Problems(options);
  const files: string[] = [];
  const texts: TextFile[] = [];
  for (const path of paths) {
    let file = path;
    try {
      for (file of await filesOf(path)) {
        files.push(file);
        texts.push({ file, text: await readText(file) });
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      const span = { source: new Source(file, ''), start: 0, end: 0 };
      files.push(file);
      problems.error('C_READ', { pointer: '', span }, `the file cannot be read: ${code}`);
    }
  }
  await prepareFormats(texts, options);
  const parsed = parseTexts(texts, options, problems);
  const wanted = [
    ...(options.pluginNames ?? []).map((specifier) => ({ specifier, folder: process.cwd(), place: { pointer: '' } })),
    ...parsed.flatMap(({ file, node }) => (node === undefined ? [] : wantedBy(file, node))),
  ];
  const loaded = await loadNamedPlugins(wanted, options.plugins, problems);
  const plugins = [...options.plugins, ...loaded.map(({ plugin }) => plugin)];
  const origins = new Map(loaded.map(({ plugin, located }) => [plugin, located]));
  return { ...loadParsed(parsed, files, { ...options, plugins }, problems), origins };
}

/** Loads what reads the files' formats, so that `loadTexts` can; without it, it reads JSON and JSONC. */
export function prepareFormats(
  files: readonly Pick<TextFile, 'file' | 'format'>[],
  options: Pick<LoadOptions, 'format'> = {},
): Promise<void> {
  return prepareReaders(files.map((file) => formatIn(file, options)));
}

function formatIn({ file, format }: Pick<TextFile, 'file' | 'format'>, options: Pick<LoadOptions, 'format'>): Format {
  return format ?? options.format ?? formatOf(file);
}

/**
 * The same for texts that were read already, with the plugins that are given and no others. For YAML
 * and TOML, `prepareFormats` must have been awaited before.
 */
export function loadTexts(files: readonly TextFile[], options: LoadOptions): TextLoadResult {
  const paths = files.map(({ file }) => file);
  const problems = new Problems(options);
  const parsed = parseTexts(files, options, problems);
  for (const { file, node } of parsed) if (node !== undefined) ignorePlugins(wantedBy(file, node), problems);
  return loadParsed(parsed, paths, options, problems);
}

/** One text as a tree, for those who write it anew, with what loading it says. */
export async function loadTree(file: TextFile, options: LoadOptions): Promise<LoadedTree> {
  await prepareFormats([file], options);
  const problems = new Problems(options);
  const parsed = parseTexts([file], options, problems, { isComplete: true });
  const result = loadParsed(parsed, [file.file], options, problems);
  return { ...(parsed[0] as ParsedFile), problems, result };
}

/** The same for a plain object. Diagnostics have pointers but no ranges. */
export function loadObject(value: unknown, options: LoadOptions): LoadResult {
  const problems = new Problems(options);
  const node = readObject(value, problems);
  if (node !== undefined) ignorePlugins(wantedBy('', node), problems);
  const schema = coreSchema(options.plugins);
  const root = node && normaliseRoot(node, schema, problems);
  return finish(schema, root === undefined ? [] : [{ file: '', root }], [], options, problems);
}

/** A file as a tree, or its text alone if it has none. */
interface ParsedFile {
  readonly file: string;
  readonly format: Format;
  readonly source: Source;
  readonly node: ConfigNode | undefined;
}

interface LoadedTree extends ParsedFile {
  readonly problems: Problems;
  readonly result: TextLoadResult;
}

function parseTexts(
  files: readonly TextFile[],
  options: LoadOptions,
  problems: Problems,
  reading: ReadingOptions = {},
): ParsedFile[] {
  const parsed = files.map((one) => {
    const format = formatIn(one, options);
    const { source, node, problems: own } = readKept(one, format, options.cache, reading);
    problems.take(own);
    return { file: one.file, format, source, node };
  });
  const names = new Set(files.map(({ file }) => file));
  for (const file of options.cache?.texts.keys() ?? []) if (!names.has(file)) options.cache?.texts.delete(file);
  return parsed;
}

/** Reads a text, unless it was read before and did not change. */
function readKept(
  { file, text }: TextFile,
  format: Format,
  cache: LoadCache | undefined,
  reading: ReadingOptions,
): KeptText {
  const source = new Source(file, text);
  const kept = cache?.texts.get(file);
  if (kept?.format === format && kept.source.text === source.text) return kept;
  const problems = new Problems();
  const reader = readerOf(format);
  if (reader === undefined) {
    const place = { pointer: '', span: { source, start: 0, end: 0 } };
    problems.error('C_READ', place, `what reads ${format} was not prepared`);
    return { source, format, node: undefined, problems, isPlain: false };
  }
  let isPlain = false;
  const node = reader(source, problems, { ...reading, onPlain: () => (isPlain = true) });
  const read = { source, format, node, problems, isPlain };
  cache?.texts.set(file, read);
  return read;
}

/**
 * A text as a tree, if everything in it is where it stands. With a cache, a text that was loaded is not read again,
 * and loading does not read it again. For YAML and TOML, `prepareFormats` must have been awaited before.
 * @returns undefined for texts with faults, aliases, or a key twice
 */
export function plainTree(file: TextFile, options: Pick<LoadOptions, 'format' | 'cache'> = {}): ConfigNode | undefined {
  const { node, isPlain } = readKept(file, formatIn(file, options), options.cache, {});
  return isPlain ? node : undefined;
}

/** To load a plugin takes time, and the program's consent. */
function ignorePlugins(wanted: readonly WantedPlugin[], problems: Problems): void {
  const [first] = wanted;
  if (first !== undefined)
    problems.warning('C_IGNORED', first.place, 'who loads a configuration from memory brings its plugins along');
}

function loadParsed(
  files: readonly ParsedFile[],
  paths: readonly string[],
  options: LoadOptions,
  problems: Problems,
): TextLoadResult {
  const schema = coreSchema(options.plugins);
  const roots: FileRoot[] = [];
  for (const { file, node } of files) {
    const root = node && normaliseRoot(node, schema, problems);
    if (root !== undefined) roots.push({ file, root });
  }
  const result = finish(schema, roots, paths, options, problems);
  let sources: ReadonlyMap<string, string> | undefined;
  return {
    ...result,
    // Not everybody shows them, and to mask them takes its time.
    get sources() {
      return (sources ??= maskedSources(files, options.plugins));
    },
    plugins: options.plugins,
    origins: new Map(),
  };
}

function maskedSources(files: readonly ParsedFile[], plugins: readonly Plugin[]): ReadonlyMap<string, string> {
  const names = secretNames(plugins);
  return new Map(
    files.map(({ file, format, source, node }) => [
      file,
      maskTree(maskSecrets(source.text, names, format), node, names),
    ]),
  );
}

function normaliseRoot(node: ConfigNode, schema: JsonSchema, problems: Problems): ObjectNode | undefined {
  const root = normalise(node, schema, problems);
  if (root.kind === 'object') return root;
  problems.error('C_TYPE', root.place, 'the configuration must be an object', {
    found: describeFound(root),
    expected: 'an object',
  });
  return undefined;
}

function finish(
  schema: JsonSchema,
  roots: readonly FileRoot[],
  paths: readonly string[],
  options: LoadOptions,
  problems: Problems,
): LoadResult {
  let config: SluiceConfig | undefined;
  let ruleRanges: LoadResult['ruleRanges'];
  if (roots.length > 0) {
    const merged = mergeFiles(roots, problems);
    validate(merged, pruned(schema, [merged]), validator, problems);
    const root = modernise(merged, problems);
    config = readRoot(root, paths, options, problems);
    ruleRanges = items(member(root, 'routing'), 'rules').map(({ place }) => rangeOf(place));
  } else if (!problems.hasErrors) {
    problems.error('C_READ', { pointer: '' }, 'no configuration file was named');
  }
  const diagnostics = problems.sorted(paths);
  return problems.hasErrors || config === undefined ? { diagnostics } : { config, diagnostics, ruleRanges };
}

function readRoot(
  root: ObjectNode,
  paths: readonly string[],
  options: LoadOptions,
  problems: Problems,
): SluiceConfig | undefined {
  const env = options.env ?? process.env;
  const folders = assetFolders(paths, env);
  const context: EntryContext = {
    contributions: new PluginContributions(options.plugins),
    validator,
    problems,
    env,
    assets: new AssetFolders(folders, options.cache?.assets),
    cache: options.cache,
  };
  options.cache?.begin();
  const read = <T>(
    nodes: readonly ConfigNode[],
    reader: (node: ConfigNode, context: EntryContext) => T | undefined,
  ): T[] => nodes.map((node) => reader(node, context)).filter((entry) => entry !== undefined);
  const inbounds = read(items(root, 'inbounds'), readInbound);
  const outbounds = read(items(root, 'outbounds'), readOutbound);
  const rules = read(items(member(root, 'routing'), 'rules'), readRule);
  const balancers = read(items(member(root, 'routing'), 'balancers'), readBalancer);
  const services = readServices(root, context);
  checkDuplicateTags(inbounds, 'inbound', problems);
  checkDuplicateTags(outbounds, 'outbound', problems);
  checkListenConflicts(inbounds, problems);
  checkReferences(inbounds, outbounds, rules, services, options.knownOutbounds ?? [], problems);
  checkBalancers({ balancers, rules, outbounds, services, knownOutbounds: options.knownOutbounds ?? [] }, problems);
  checkOutboundChain(outbounds, problems);
  checkCertificates([...inbounds, ...outbounds], problems);
  checkHiddenRules(rules, context.contributions.ruleTypes, context.assets, problems, options.cache?.rules);
  checkUnused({ outbounds, rules, balancers }, problems);
  checkUnavailable(root, context.contributions.services, problems);
  return problems.hasErrors
    ? undefined
    : buildConfig(root, { inbounds, outbounds, rules, balancers, services }, folders);
}
