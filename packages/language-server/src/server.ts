import { setImmediate } from 'node:timers/promises';
import type { Plugin } from '@sluice/plugin-api';
import {
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { toDiagnostic } from './diagnosis.js';
import { OpenDocument } from './document/open-document.js';
import { Answers } from './answers.js';

export interface ServerOptions {
  /** Those that ship with the program. Plugins from elsewhere are known by their schema files alone. */
  readonly plugins: readonly Plugin[];
  readonly version: string;
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
  readonly #open = new Map<string, OpenDocument>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  #snippets = false;

  constructor(connection: Connection, options: ServerOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    this.#texts.onDidChangeContent(({ document }) => this.#changed(document));
    this.#texts.onDidClose(({ document: { uri } }) => this.#closed(uri));
    this.#texts.listen(connection);
    const answers = new Answers(
      (uri) => this.#of(uri),
      () => this.#snippets,
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

  #initialize({ capabilities }: InitializeParams): InitializeResult {
    this.#snippets = capabilities.textDocument?.completion?.completionItem?.snippetSupport === true;
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

  /** The present state of an open document. */
  #of(uri: string): { readonly document: OpenDocument; readonly text: TextDocument } | undefined {
    const text = this.#texts.get(uri);
    const document = this.#open.get(uri);
    return text === undefined || document === undefined ? undefined : { document, text };
  }

  #changed(text: TextDocument): void {
    const { uri } = text;
    const document = this.#open.get(uri) ?? new OpenDocument(uri, this.#options.plugins);
    this.#open.set(uri, document);
    document.update(text);
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.set(
      uri,
      setTimeout(() => void this.#publish(uri, text.version), DEBOUNCE_MS),
    );
  }

  #closed(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.delete(uri);
    this.#open.delete(uri);
    void this.#tell({ uri, diagnostics: [] });
  }

  async #publish(uri: string, version: number): Promise<void> {
    this.#waiting.delete(uri);
    // What was asked meanwhile, and waits to be read, is answered first.
    for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
    const document = this.#open.get(uri);
    if (document === undefined || this.#texts.get(uri)?.version !== version) return;
    const diagnostics = await this.#diagnostics(document);
    // Changed or closed meanwhile: the next ones are under way.
    if (this.#texts.get(uri)?.version !== version) return;
    await this.#tell({ uri, version, diagnostics });
  }

  /** An editor that is gone needs to be told nothing. */
  async #tell(params: PublishDiagnosticsParams): Promise<void> {
    try {
      await this.#connection.sendDiagnostics(params);
    } catch {
      // The connection has ended.
    }
  }

  async #diagnostics(document: OpenDocument): Promise<ReturnType<typeof toDiagnostic>[]> {
    if (document.isTooLong) return [tooLong];
    try {
      return (await document.diagnose()).map(toDiagnostic);
    } catch (error) {
      // A fault of ours must not end the help with all other documents.
      const why = error instanceof Error ? error.message : String(error);
      this.#connection.console.error(`the diagnostics of a document failed: ${why}`);
      return [];
    }
  }

  #stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#open.clear();
  }
}
