import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '@sluice/plugin-api';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { groupOf, type FilesSetting } from './file-groups.js';
import { MAX_LENGTH, OpenDocument } from './open-document.js';

interface FileOnDisk {
  readonly document: OpenDocument;
  readonly changed: number;
  readonly size: number;
}

/** The documents that an editor has open, and the files on the disk that belong to them. */
export class Documents {
  readonly #builtIn: readonly Plugin[];
  readonly #open = new Map<string, OpenDocument>();
  readonly #onDisk = new Map<string, FileOnDisk>();
  /** Which files make one configuration, where their folder does not tell. */
  setting: FilesSetting = [];
  /** The folders that are open in the editor. */
  roots: readonly string[] = [];

  constructor(builtIn: readonly Plugin[]) {
    this.#builtIn = builtIn;
  }

  get open(): readonly OpenDocument[] {
    return [...this.#open.values()];
  }

  find(uri: string): OpenDocument | undefined {
    return this.#open.get(uri);
  }

  /** Opens it, or takes what it is now. */
  update(text: TextDocument): OpenDocument {
    const document = this.#open.get(text.uri) ?? this.#create(text.uri);
    this.#open.set(text.uri, document);
    document.update(text);
    return document;
  }

  close(uri: string): void {
    this.#open.delete(uri);
  }

  clear(): void {
    this.#open.clear();
    this.#onDisk.clear();
  }

  /** All that make one configuration with a document, itself among them, in their order. */
  groupOf(document: OpenDocument): readonly OpenDocument[] {
    if (!isAbsolute(document.file)) return [document];
    const files = groupOf(document.file, this.setting, this.roots);
    if (files.length === 1) return [document];
    return files
      .map((file) => (file === document.file ? document : this.#at(file)))
      .filter((one) => one !== undefined)
      .filter((one) => one === document || !one.isTooLong);
  }

  #create(uri: string): OpenDocument {
    return new OpenDocument(uri, this.#builtIn, (document) => this.groupOf(document));
  }

  /** What the editor has of a file, else what the disk has. */
  #at(file: string): OpenDocument | undefined {
    for (const document of this.#open.values()) if (document.file === file) return document;
    try {
      const { mtimeMs: changed, size } = statSync(file);
      const known = this.#onDisk.get(file);
      if (known?.changed === changed && known.size === size) return known.document;
      if (size > MAX_LENGTH) return undefined;
      const uri = pathToFileURL(file).href;
      const document = known?.document ?? this.#create(uri);
      document.update(TextDocument.create(uri, '', 0, readFileSync(file, 'utf8')));
      this.#onDisk.set(file, { document, changed, size });
      return document;
    } catch {
      return undefined;
    }
  }
}
