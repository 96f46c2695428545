import {
  CodeActionKind,
  FoldingRangeKind,
  MarkupKind,
  ResponseError,
  ErrorCodes,
  type CodeAction,
  type CodeActionParams,
  type CompletionItem,
  type CompletionParams,
  type DocumentFormattingParams,
  type DocumentSymbol,
  type FoldingRange,
  type Hover,
  type Location,
  type Range,
  type ReferenceParams,
  type RenameParams,
  type TextDocumentIdentifier,
  type TextDocumentPositionParams,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { DiagnosticData } from './diagnosis.js';
import { cursorsAt } from './document/cursor.js';
import type { OpenDocument } from './document/open-document.js';
import { walk } from './document/text-tree.js';
import { makingActions, mendingActions, type Action } from './features/code-actions.js';
import { completions } from './features/completion.js';
import { formatted } from './features/format-text.js';
import { hoverAt } from './features/hover.js';
import { renamed, type Change } from './features/rename.js';
import { outlineOf, type Outline } from './features/symbols.js';
import { definitionsOf, referencesOf, tagAt, tagPlaces, type TagPlace } from './features/tag-places.js';

/** An open document, with what tells lines and columns of its offsets. */
interface Opened {
  readonly document: OpenDocument;
  readonly text: TextDocument;
}

interface About {
  readonly textDocument: TextDocumentIdentifier;
}

/** What an editor asks about its open documents. About others nothing is known. */
export class Answers {
  readonly #find: (uri: string) => OpenDocument | undefined;
  readonly #snippets: () => boolean;

  /** @param snippets whether the editor has places to fill in */
  constructor(find: (uri: string) => OpenDocument | undefined, snippets: () => boolean) {
    this.#find = find;
    this.#snippets = snippets;
  }

  completion(params: CompletionParams): CompletionItem[] {
    const opened = this.#opened(params);
    if (opened === undefined) return [];
    const { document, text } = opened;
    const context = {
      text: document.text,
      format: document.format,
      schema: document.schema,
      snippets: this.#snippets(),
      elsewhere: tagsOf(document.others),
    };
    return cursorsAt(document, text.offsetAt(params.position)).flatMap((cursor) => {
      const range = rangeOf(text, cursor);
      return completions(cursor, context).map(({ insert, ...item }) => {
        const word = text.getText(range);
        // Editors compare what stands in the range, its quotes too.
        const filterText =
          word.startsWith('"') || word.startsWith("'") ? `${word[0]}${item.label}${word[0]}` : item.label;
        return { ...item, filterText, textEdit: { range, newText: insert } };
      });
    });
  }

  hover(params: TextDocumentPositionParams): Hover | null {
    const opened = this.#opened(params);
    if (opened === undefined) return null;
    const { document, text } = opened;
    const said = hoverAt(document, text.offsetAt(params.position));
    if (said === undefined) return null;
    return { contents: { kind: MarkupKind.Markdown, value: said.markdown }, range: rangeOf(text, said) };
  }

  definition(params: TextDocumentPositionParams): Location[] {
    return this.#tags(params, (places, tag) => definitionsOf(places, tag));
  }

  references(params: ReferenceParams): Location[] {
    return this.#tags(params, (places, tag) => [
      ...(params.context.includeDeclaration ? definitionsOf(places, tag) : []),
      ...referencesOf(places, tag),
    ]);
  }

  prepareRename(params: TextDocumentPositionParams): { range: Range; placeholder: string } | null {
    const opened = this.#opened(params);
    const tag = opened && tagOf(opened, params);
    if (opened === undefined || tag === undefined || tag.role === 'prefix') return null;
    return { range: rangeOf(opened.text, tag), placeholder: tag.name };
  }

  rename(params: RenameParams): WorkspaceEdit | null {
    const opened = this.#opened(params);
    const tag = opened && tagOf(opened, params);
    if (opened === undefined || tag === undefined || tag.role === 'prefix') return null;
    const { document, text } = opened;
    const all = [document, ...document.others].map((one) => ({
      text: one === document ? text : one.positions,
      changes: renamed(one, tag, params.newName),
    }));
    const changes: Record<string, TextEdit[]> = {};
    for (const { text: its, changes: made } of all) {
      if (typeof made === 'string') throw new ResponseError(ErrorCodes.InvalidParams, made);
      if (made.length > 0) changes[its.uri] = editsOf(its, made);
    }
    return { changes };
  }

  symbols(params: About): DocumentSymbol[] {
    const opened = this.#opened(params);
    if (opened === undefined) return [];
    const toSymbol = ({ name, detail, kind, children, start, end, nameStart, nameEnd }: Outline): DocumentSymbol => ({
      name,
      detail,
      kind,
      range: rangeOf(opened.text, { start, end }),
      selectionRange: rangeOf(opened.text, { start: nameStart, end: nameEnd }),
      children: children.map(toSymbol),
    });
    return outlineOf(opened.document.root).map(toSymbol);
  }

  codeActions(params: CodeActionParams): CodeAction[] {
    const opened = this.#opened(params);
    if (opened === undefined) return [];
    const { document, text } = opened;
    const toAction = ({ title, changes, mends }: Action): CodeAction => ({
      title,
      kind: mends ? CodeActionKind.QuickFix : CodeActionKind.RefactorRewrite,
      ...(mends ? { isPreferred: true } : {}),
      edit: { changes: { [text.uri]: editsOf(text, changes) } },
    });
    const mending = params.context.diagnostics
      .filter(({ source }) => source === 'sluice')
      .flatMap((diagnostic) => {
        const { code, range } = diagnostic;
        const { suggestion } = (diagnostic.data ?? {}) as DiagnosticData;
        const [start, end] = [text.offsetAt(range.start), text.offsetAt(range.end)];
        const problem = { code: String(code), start, end, suggestion };
        return mendingActions(document, tagsOf(document.others), problem).map((action) => ({
          ...toAction(action),
          kind: CodeActionKind.QuickFix,
          diagnostics: [diagnostic],
        }));
      });
    const made = makingActions(document.root, text.offsetAt(params.range.start), document.schema);
    return [...mending, ...made.map(toAction)];
  }

  formatting({ textDocument, options }: DocumentFormattingParams): TextEdit[] {
    const opened = this.#opened({ textDocument });
    if (opened === undefined) return [];
    const { document, text } = opened;
    const { tabSize, insertSpaces } = options;
    const laid = formatted(document.text, document.format, { tabSize, insertSpaces });
    if (laid === undefined || laid === document.text) return [];
    return [{ range: rangeOf(text, { start: 0, end: document.text.length }), newText: laid }];
  }

  folding(params: About): FoldingRange[] {
    const opened = this.#opened(params);
    const root = opened?.document.root;
    if (opened === undefined || root === undefined) return [];
    const ranges: FoldingRange[] = [];
    for (const [, { kind, start, end }] of walk(root)) {
      if (kind === 'scalar') continue;
      const { start: from, end: to } = rangeOf(opened.text, { start, end });
      const endLine = to.character === 0 ? to.line - 1 : to.line;
      if (endLine > from.line) ranges.push({ startLine: from.line, endLine, kind: FoldingRangeKind.Region });
    }
    return ranges;
  }

  #opened({ textDocument: { uri } }: About): Opened | undefined {
    const document = this.#find(uri);
    return document === undefined || document.isTooLong ? undefined : { document, text: document.positions };
  }

  #tags(
    params: TextDocumentPositionParams,
    choose: (places: readonly TagPlace[], tag: TagPlace) => readonly TagPlace[],
  ): Location[] {
    const opened = this.#opened(params);
    const tag = opened && tagOf(opened, params);
    if (opened === undefined || tag === undefined) return [];
    const { document } = opened;
    return [document, ...document.others].flatMap(({ root, text, positions }) =>
      choose(tagPlaces(root, text), tag).map((place) => ({ uri: positions.uri, range: rangeOf(positions, place) })),
    );
  }
}

function tagOf({ document, text }: Opened, { position }: TextDocumentPositionParams): TagPlace | undefined {
  return tagAt(tagPlaces(document.root, document.text), text.offsetAt(position));
}

function tagsOf(documents: readonly OpenDocument[]): readonly TagPlace[] {
  return documents.flatMap(({ root, text }) => tagPlaces(root, text));
}

function rangeOf(text: TextDocument, { start, end }: { readonly start: number; readonly end: number }): Range {
  return { start: text.positionAt(start), end: text.positionAt(end) };
}

function editsOf(text: TextDocument, changes: readonly Change[]): TextEdit[] {
  return changes.map((change) => ({ range: rangeOf(text, change), newText: change.text }));
}
