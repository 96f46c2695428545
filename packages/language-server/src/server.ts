import { setImmediate } from 'node:timers/promises';
import type { Plugin } from '@sluice/plugin-api';
import {
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  TextDocuments,
  TextDocumentSyncKind,
  type ClientCapabilities,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Answers } from './answers.js';
import { afterMark, toDiagnostic } from './diagnosis.js';
import { Documents } from './document/documents.js';
import { filesSetting } from './document/file-groups.js';
import { fileOf, type OpenDocument } from './document/open-document.js';

export interface ServerOptions {
  /** Those that ship with the program. Plugins from elsewhere are known by their schema files alone. */
  readonly plugins: readonly Plugin[];
  readonly version: string;
}

/** What the editor's settings say of us. */
interface Settings {
  readonly files: unknown;
}

/** After a change, diagnostics wait this long, in ms, for the next one. */
const DEBOUNCE_MS = 40;

/** So many turns of the event loop it takes to read a message and to answer it. */
const TURNS = 3;

const tooLong = toDiagnostic({
  code: 'C_READ',
  severity: 'info',
  message: 'the text is too long to help with while it is edited: `sluice check` reads it',
  pointer: '',
});

/** Serves an editor until it says goodbye. */
export class LanguageServer {
  readonly #connection: Connection;
  readonly #options: ServerOptions;
  readonly #texts = new TextDocuments(TextDocument);
  readonly #documents: Documents;
  /** Of which files diagnostics were told, and for which open document. */
  readonly #told = new Map<string, string>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  #client: ClientCapabilities = {};

  constructor(connection: Connection, options: ServerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#documents = new Documents(options.plugins);
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => void this.#initialized());
    connection.onDidChangeConfiguration(({ settings }) => void this.#configured(settings));
    connection.onDidChangeWatchedFiles(() => this.#scheduleAll());
    this.#texts.onDidChangeContent(({ document }) => this.#changed(document));
    this.#texts.onDidClose(({ document: { uri } }) => this.#closed(uri));
    this.#texts.listen(connection);
    const answers = new Answers(
      (uri) => this.#documents.find(uri),
      () => this.#client.textDocument?.completion?.completionItem?.snippetSupport === true,
    );
    connection.onCompletion((params) => answers.completion(params));
    connection.onHover((params) => answers.hover(params));
    connection.onDefinition((params) => answers.definition(params));
    connection.onReferences((params) => answers.references(params));
    connection.onPrepareRename((params) => answers.prepareRename(params));
    connection.onRenameRequest((params) => answers.rename(params));
    connection.onDocumentSymbol((params) => answers.symbols(params));
    connection.onCodeAction((params) => answers.codeActions(params));
    connection.onDocumentFormatting((params) => answers.formatting(params));
    connection.onFoldingRanges((params) => answers.folding(params));
    connection.onShutdown(() => this.#stop());
    connection.listen();
  }

  #initialize(params: InitializeParams): InitializeResult {
    const { capabilities, workspaceFolders } = params;
    const options = params.initializationOptions as Partial<Settings> | undefined;
    // What editors say that know of one folder only.
    const { rootUri } = params as { readonly rootUri?: unknown };
    this.#client = capabilities;
    const folders = workspaceFolders?.map(({ uri }) => uri) ?? (typeof rootUri === 'string' ? [rootUri] : []);
    this.#documents.roots = folders.map(fileOf);
    this.#documents.setting = filesSetting(options?.files);
    return {
      serverInfo: { name: 'sluice', version: this.#options.version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        completionProvider: { triggerCharacters: ['"', ':', ' ', '-'], resolveProvider: false },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        renameProvider: { prepareProvider: true },
        documentSymbolProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix', 'refactor.rewrite'] },
        documentFormattingProvider: true,
        foldingRangeProvider: true,
      },
    };
  }

  /** Asks to be told of what the editor knows better: settings, and files that others change. */
  async #initialized(): Promise<void> {
    const { workspace } = this.#client;
    try {
      if (workspace?.didChangeConfiguration?.dynamicRegistration === true)
        await this.#connection.client.register(DidChangeConfigurationNotification.type, { section: 'sluice' });
      if (workspace?.didChangeWatchedFiles?.dynamicRegistration === true)
        await this.#connection.client.register(DidChangeWatchedFilesNotification.type, {
          watchers: [{ globPattern: '**/*.{json,jsonc,yaml,yml,toml}' }],
        });
      if (workspace?.configuration === true) await this.#configured(undefined);
    } catch {
      // An editor that refuses says so itself, and is helped with what is known.
    }
  }

  /** @param pushed the settings, from editors that cannot be asked for them */
  async #configured(pushed: unknown): Promise<void> {
    let settings = (pushed as { readonly sluice?: Partial<Settings> } | null | undefined)?.sluice;
    if (this.#client.workspace?.configuration === true) {
      const asked: unknown = await this.#connection.workspace.getConfiguration('sluice').catch(() => undefined);
      settings = (asked as Partial<Settings> | null | undefined) ?? undefined;
    }
    if (settings?.files === undefined) return;
    this.#documents.setting = filesSetting(settings.files);
    this.#scheduleAll();
  }

  #changed(text: TextDocument): void {
    this.#documents.update(text);
    this.#schedule(text.uri);
  }

  #scheduleAll(): void {
    for (const { uri } of this.#documents.open) this.#schedule(uri);
  }

  #schedule(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.set(
      uri,
      setTimeout(() => void this.#publish(uri), DEBOUNCE_MS),
    );
  }

  #closed(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.delete(uri);
    const others = this.#documents.find(uri)?.others ?? [];
    this.#documents.close(uri);
    // What belongs to another one that is open is told with that.
    const other = others.find((one) => this.#documents.find(one.uri) === one);
    for (const [told, by] of [...this.#told, [uri, uri] as const]) {
      if (by !== uri) continue;
      this.#told.delete(told);
      void this.#tell({ uri: told, diagnostics: [] });
    }
    if (other !== undefined) this.#schedule(other.uri);
  }

  async #publish(uri: string): Promise<void> {
    this.#waiting.delete(uri);
    const version = this.#documents.find(uri)?.positions.version;
    // What was asked meanwhile, and waits to be read, is answered first.
    for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
    const document = this.#documents.find(uri);
    if (document === undefined || document.positions.version !== version) return;
    const group = [document, ...document.others];
    const versions = group.map((one) => one.positions.version);
    const diagnostics = await this.#diagnostics(document, group);
    // Changed or closed meanwhile: the next ones are under way.
    if (this.#documents.find(uri)?.positions.version !== version) return;
    for (const [index, one] of group.entries()) {
      const { positions } = one;
      const isOpen = this.#documents.find(one.uri) === one;
      if (positions.version !== versions[index]) continue;
      this.#told.set(one.uri, uri);
      const own = { uri: one.uri, diagnostics: diagnostics.get(one) ?? [] };
      await this.#tell(isOpen ? { ...own, version: positions.version } : own);
    }
    // Those that belonged to it before.
    for (const [told, by] of [...this.#told]) {
      if (by !== uri || group.some((one) => one.uri === told)) continue;
      this.#told.delete(told);
      await this.#tell({ uri: told, diagnostics: [] });
    }
  }

  /** An editor that is gone needs to be told nothing. */
  async #tell(params: PublishDiagnosticsParams): Promise<void> {
    try {
      await this.#connection.sendDiagnostics(params);
    } catch {
      // The connection has ended.
    }
  }

  /** By the document they are of; those without a place are told of the first one. */
  async #diagnostics(
    document: OpenDocument,
    group: readonly OpenDocument[],
  ): Promise<ReadonlyMap<OpenDocument, ReturnType<typeof toDiagnostic>[]>> {
    if (document.isTooLong) return new Map([[document, [tooLong]]]);
    const found = new Map<OpenDocument, ReturnType<typeof toDiagnostic>[]>(group.map((one) => [one, []]));
    try {
      const byFile = new Map(group.map((one) => [one.file, one]));
      const uriOf = (file: string): string => byFile.get(file)?.uri ?? document.uri;
      const areShown = this.#client.textDocument?.publishDiagnostics?.relatedInformation === true;
      for (const problem of await document.diagnose()) {
        const of = byFile.get(problem.range?.file ?? document.file) ?? document;
        const diagnostic = toDiagnostic(problem, areShown ? uriOf : undefined);
        found.get(of)?.push(of.hasMark ? afterMark(diagnostic) : diagnostic);
      }
    } catch (error) {
      // A fault of ours must not end the help with all other documents.
      const why = error instanceof Error ? error.message : String(error);
      this.#connection.console.error(`the diagnostics of a document failed: ${why}`);
    }
    return found;
  }

  #stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#documents.clear();
  }
}
