import { PassThrough } from 'node:stream';
import {
  createConnection,
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeAction,
  type CompletionItem,
  type Diagnostic,
  type Hover,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { plugins } from './plugins.fixture.js';
import { LanguageServer } from './server.js';

/** An editor with one open document, and a server of its own. "‸" in texts is where the cursor is. */
export class Editor {
  readonly #connection: ProtocolConnection;
  readonly #close: () => void;
  readonly #published: PublishDiagnosticsParams[] = [];
  #wake: () => void = () => undefined;
  document: TextDocument = TextDocument.create('file:///none', 'jsonc', 0, '');
  position: Position = { line: 0, character: 0 };

  private constructor(connection: ProtocolConnection, close: () => void) {
    this.#connection = connection;
    this.#close = close;
    connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.#published.push(params);
      this.#wake();
    });
    connection.listen();
  }

  /** @param more of what it says of itself at the beginning */
  static async start(snippets = true, more: object = {}): Promise<Editor> {
    const [up, down] = [new PassThrough(), new PassThrough()];
    const server = createConnection(new StreamMessageReader(up), new StreamMessageWriter(down));
    new LanguageServer(server, { plugins, version: '0.0.0' }).listen();
    const client = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
    const editor = new Editor(client, () => {
      client.dispose();
      server.dispose();
    });
    const completion = { completionItem: { snippetSupport: snippets } };
    const capabilities = { textDocument: { completion, publishDiagnostics: { relatedInformation: true } } };
    await client.sendRequest('initialize', { processId: null, rootUri: null, capabilities, ...more });
    await client.sendNotification('initialized', {});
    return editor;
  }

  close(): void {
    this.#close();
  }

  /** Opens a text in the place of the one before. */
  async open(marked: string, file = 'a.sluice.jsonc'): Promise<void> {
    const at = marked.indexOf('‸');
    const text = marked.replace('‸', '');
    const languageId = /ya?ml$/.test(file) ? 'yaml' : 'jsonc';
    const uri = file.startsWith('file:') ? file : `file:///folder/${file}`;
    this.document = TextDocument.create(uri, languageId, 1, text);
    this.position = this.document.positionAt(Math.max(0, at));
    await this.notify('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } });
  }

  notify(method: string, params: object): Promise<void> {
    return this.#connection.sendNotification(method, params);
  }

  ask<T>(method: string, params: object = {}): Promise<T> {
    const { uri } = this.document;
    return this.#connection.sendRequest(method, { textDocument: { uri }, position: this.position, ...params });
  }

  /** Those of the document's present version. */
  async diagnostics(): Promise<Diagnostic[]> {
    for (;;) {
      const { uri, version } = this.document;
      const found = this.#published.find((each) => each.uri === uri && each.version === version);
      if (found !== undefined) return found.diagnostics;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Waits until what was said last of a document is as wanted. @returns its codes */
  async codesOf(uri: string, isWanted: (codes: readonly unknown[]) => boolean): Promise<readonly unknown[]> {
    for (;;) {
      const codes = this.#published.findLast((each) => each.uri === uri)?.diagnostics.map(({ code }) => code);
      if (codes !== undefined && isWanted(codes)) return codes;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What was said last of a document. */
  toldOf(uri: string): readonly Diagnostic[] | undefined {
    return this.#published.findLast((each) => each.uri === uri)?.diagnostics;
  }

  completion(): Promise<CompletionItem[]> {
    return this.ask('textDocument/completion');
  }

  async labels(): Promise<string[]> {
    return (await this.completion()).map(({ label }) => label);
  }

  /** The text after an item was chosen, its places as they are written. */
  async chosen(label: string): Promise<string> {
    const item = (await this.completion()).find((each) => each.label === label);
    if (item?.textEdit === undefined) throw new TypeError(`no ${label}`);
    return TextDocument.applyEdits(this.document, [item.textEdit as TextEdit]);
  }

  async hover(): Promise<string | undefined> {
    const hover = await this.ask<Hover | null>('textDocument/hover');
    return hover === null ? undefined : (hover.contents as { value: string }).value;
  }

  async actions(diagnostics: readonly Diagnostic[] = []): Promise<CodeAction[]> {
    const range = diagnostics[0]?.range ?? { start: this.position, end: this.position };
    return this.ask('textDocument/codeAction', { range, context: { diagnostics } });
  }

  /** The text after an edit. */
  edited(edit: WorkspaceEdit | null | undefined): string {
    return TextDocument.applyEdits(this.document, edit?.changes?.[this.document.uri] ?? []);
  }
}
