import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  composeSchema,
  LoadCache,
  loadTexts,
  outlinesOf,
  plainTree,
  Source,
  prepareFormats,
  type Diagnostic,
  type Format,
  type TextFile,
} from '@sluice/config';
import type { Plugin } from '@sluice/plugin-api';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { SchemaView } from '../schema/schema-view.js';
import { readTree } from './read-tree.js';
import { memberOf, type TextNode } from './text-tree.js';
import { viewOf } from './tree-view.js';

/** In UTF-16 units. Far beyond any configuration. */
export const MAX_LENGTH = 16 * 1024 * 1024;
/** What a configuration that names an unknown plugin may hold is not for us to judge. */
const OF_PLUGINS: ReadonlySet<string> = new Set([
  'C_UNKNOWN_PROTOCOL',
  'C_UNKNOWN_RULE_TYPE',
  'C_UNKNOWN_STRATEGY',
  'C_UNKNOWN_KEY',
]);

/** The key `plugins` with a list in brackets, or a line for each. */
const NAMING = /plugins["']?\s*:\s*(?:\[[^\]]*\]?|(?:-[^\n]*\s*)*)/i;

/** A configuration that is open in an editor, or a part of one, with what is known of its present version. */
export class OpenDocument {
  readonly uri: string;
  /** Its path, or its URI where it has none. */
  readonly file: string;
  readonly #builtIn: readonly Plugin[];
  readonly #groupOf: (document: OpenDocument) => readonly OpenDocument[];
  readonly #cache = new LoadCache();
  #positions = TextDocument.create('', '', 0, '');
  #text = '';
  #format: Format = 'jsonc';
  #tree: { readonly root: TextNode | undefined } | undefined;
  #named = '';
  /** How the text names plugins, as far as that can be seen without reading all of it. */
  #namedAs: string | undefined;
  #schema: SchemaView | undefined;
  #outlines: ReturnType<typeof outlinesOf> = { plugins: [], problems: [], isOpen: false };

  /** @param group all that make one configuration with a document, itself among them */
  constructor(
    uri: string,
    builtIn: readonly Plugin[],
    group: (document: OpenDocument) => readonly OpenDocument[] = (document) => [document],
  ) {
    this.uri = uri;
    this.file = fileOf(uri);
    this.#builtIn = builtIn;
    this.#groupOf = group;
  }

  /** Of its offsets, in lines and columns. */
  get positions(): TextDocument {
    return this.#positions;
  }

  /** The others that make one configuration with it. */
  get others(): readonly OpenDocument[] {
    return this.#groupOf(this).filter((one) => one !== this);
  }

  get text(): string {
    return this.#text;
  }

  get format(): Format {
    return this.#format;
  }

  /** A byte order mark, without which others count places. */
  get hasMark(): boolean {
    return this.#text.startsWith('\uFEFF');
  }

  get isTooLong(): boolean {
    return this.#text.length > MAX_LENGTH;
  }

  update(document: TextDocument): void {
    this.#positions = document;
    this.#text = document.getText();
    this.#format = formatOf(document);
    this.#tree = undefined;
  }

  /** As far as it can be read. */
  get root(): TextNode | undefined {
    this.#tree ??= { root: this.isTooLong ? undefined : this.#read() };
    return this.#tree.root;
  }

  /** What has no faults is read once for all that is asked of it. */
  #read(): TextNode | undefined {
    const plain = this.hasMark ? undefined : plainTree(this.#asFile, { cache: this.#cache });
    return plain === undefined ? readTree(this.#text, this.#format) : viewOf(plain);
  }

  get #asFile(): TextFile {
    return { file: this.file, text: this.#text, format: this.#format };
  }

  /** Of what it may hold, with the plugins that it names. */
  get schema(): SchemaView {
    this.#lookForPlugins();
    const { plugins, isOpen } = this.#outlines;
    this.#schema ??= new SchemaView(composeSchema({ plugins: [...this.#builtIn, ...plugins], isOpen }));
    return this.#schema;
  }

  /** Everything that is wrong with it, and with what belongs to it: ranges tell the files. */
  async diagnose(): Promise<readonly Diagnostic[]> {
    const group = this.#groupOf(this);
    const files = group.map((one) => one.#asFile);
    await prepareFormats(files);
    // To read a long text only for the few plugins that it names would take as long as all the rest.
    const namedAs = group.map((one) => `${one.file} ${NAMING.exec(one.#text)?.[0] ?? ''}`).join('\n');
    if (namedAs !== this.#namedAs) this.#lookForPlugins();
    this.#namedAs = namedAs;
    const { plugins, problems, isOpen } = this.#outlines;
    // Of plugins from elsewhere only what their schema files say is used: nothing of them runs here.
    const known = [...this.#builtIn, ...(plugins as readonly Plugin[])];
    const { diagnostics } = loadTexts(files, { plugins: known, cache: this.#cache });
    const kept = diagnostics.filter(
      ({ code, pointer }) =>
        !(code === 'C_IGNORED' && pointer.startsWith('/plugins')) && !(isOpen && OF_PLUGINS.has(code)),
    );
    const told = problems.map(({ wanted, message }): Diagnostic => {
      const range = group.map((one) => one.#rangeOf(wanted.specifier)).find((found) => found !== undefined);
      return {
        code: 'C_PLUGIN_LOAD',
        severity: 'warning',
        message: `the plugin "${wanted.specifier}" ${message}`,
        pointer: '/plugins',
        ...(range === undefined ? {} : { range }),
      };
    });
    return [...kept, ...told];
  }

  /** Looks again only when other plugins are named. */
  #lookForPlugins(): void {
    const wanted = this.#groupOf(this).flatMap(({ root, file }) =>
      (memberOf(root, 'plugins')?.items ?? [])
        .map(({ value }) => value)
        .filter((value) => typeof value === 'string')
        .map((specifier) => ({ specifier, folder: dirname(file), place: { pointer: '/plugins' } })),
    );
    const named = JSON.stringify(wanted);
    if (named === this.#named) return;
    this.#named = named;
    this.#schema = undefined;
    this.#outlines = outlinesOf(wanted);
  }

  #rangeOf(specifier: string): Diagnostic['range'] {
    const node = memberOf(this.root, 'plugins')?.items.find(({ value }) => value === specifier);
    if (node === undefined) return undefined;
    // As the loader counts, without the mark.
    const shift = this.hasMark ? 1 : 0;
    return new Source(this.file, this.#text).range(node.start - shift, node.end - shift);
  }
}

/** Plugins are looked for from where the file is. */
export function fileOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    return uri;
  }
}

function formatOf({ uri, languageId }: TextDocument): Format {
  if (/\.ya?ml$/i.test(uri) || languageId.endsWith('yaml')) return 'yaml';
  if (/\.toml$/i.test(uri) || languageId === 'toml') return 'toml';
  return 'jsonc';
}
