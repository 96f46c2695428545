import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadFiles } from '@sluice/config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Location, WorkspaceEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { toDiagnostic } from './diagnosis.js';
import { Editor } from './editor.fixture.js';
import { plugins } from './plugins.fixture.js';

const texts = {
  '10-in.json': '{ "inbounds": [{ "tag": "in", "port": 1080, "protocol": "socks" }] }',
  '20-out.sluice.yaml': 'outbounds:\n  - tag: out\n    protocol: freedom\n  - tag: spare\n    protocol: blackhole\n',
  '30-rules.sluice.jsonc':
    '{ "routing": { "rules": [\n  { "type": "field", "inboundTag": ["in"], "outboundTag": "out" }\n] } }\n',
};
const rules = '30-rules.sluice.jsonc';

let root: string;
let editor: Editor;
const uriOf = (path: string): string => pathToFileURL(join(root, path)).href;
const write = (folder: string): void => {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, name), text);
  }
};
const none = (codes: readonly unknown[]): boolean => codes.length === 0;

beforeEach(async () => {
  // As folders of people are called.
  root = mkdtempSync(join(tmpdir(), 'sluice lsp ünï %41 #'));
  editor = await Editor.start();
});
afterEach(() => {
  editor.close();
  rmSync(root, { recursive: true });
});

describe('a folder with one configuration in several files', () => {
  const folder = 'my conf.d';
  beforeEach(() => write(folder));

  it('is checked as a whole, as the command does, each file with what is of it', async () => {
    const bad = texts[rules].replace('"out"', '"ou"').replace('["in"]', '["inn"]');
    await editor.open(bad, uriOf(`${folder}/${rules}`));
    await editor.diagnostics();
    writeFileSync(join(root, folder, rules), bad);
    const { diagnostics } = await loadFiles([join(root, folder)], { plugins });
    expect(diagnostics.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['C_UNKNOWN_OUTBOUND', 'C_UNKNOWN_INBOUND', 'C_UNUSED_OUTBOUND']),
    );
    await editor.codesOf(uriOf(`${folder}/20-out.sluice.yaml`), (codes) => codes.length > 0);
    for (const name of Object.keys(texts)) {
      const file = join(root, folder, name);
      const uriOf = (path: string): string => pathToFileURL(path).href;
      const own = diagnostics.filter(({ range }) => range?.file === file);
      const wanted = own.map((problem) => toDiagnostic(problem, uriOf));
      expect(editor.toldOf(pathToFileURL(file).href), name).toEqual(wanted);
    }
  });

  it('is told of with the places in its other files', async () => {
    const again = '{ "outbounds": [{ "tag": "spare", "protocol": "freedom" }, { "protocol": "freedom" }] }';
    await editor.open(again, uriOf(`${folder}/40-more.json`));
    writeFileSync(join(root, folder, '40-more.json'), again);
    const [problem] = (await editor.diagnostics()).filter(({ code }) => code === 'C_MERGE');
    expect(problem?.relatedInformation).toEqual([
      {
        message: 'what does not count',
        location: {
          uri: uriOf(`${folder}/20-out.sluice.yaml`),
          range: { start: { line: 1, character: 2 }, end: { line: 1, character: 3 } },
        },
      },
    ]);
  });

  it('is known by its tags in each of its files', async () => {
    await editor.open(texts[rules].replace('"out"', '"o‸ut"'), uriOf(`${folder}/${rules}`));
    expect(await editor.labels()).toEqual(expect.arrayContaining(['out', 'spare']));
    expect(await editor.hover()).toContain('Means outbound `out` (freedom).');
    const [definition] = await editor.ask<Location[]>('textDocument/definition');
    expect(definition).toEqual({
      uri: uriOf(`${folder}/20-out.sluice.yaml`),
      range: { start: { line: 1, character: 9 }, end: { line: 1, character: 12 } },
    });
    const { changes = {} } = await editor.ask<WorkspaceEdit>('textDocument/rename', { newName: 'exit' });
    const edited = Object.entries(changes).map(([uri, edits]) => {
      const document = TextDocument.create(uri, '', 0, readFileSync(fileURLToPath(uri), 'utf8'));
      return TextDocument.applyEdits(document, edits);
    });
    expect(edited.sort()).toEqual(
      [texts['20-out.sluice.yaml'].replace('out\n', 'exit\n'), texts[rules].replace('"out"', '"exit"')].sort(),
    );
    await expect(editor.ask('textDocument/rename', { newName: 'spare' })).rejects.toThrow(/there is an outbound/);
  });

  it('is told of as the editor has it, and again as the disk has it when a file is closed', async () => {
    const [out, own] = [uriOf(`${folder}/20-out.sluice.yaml`), uriOf(`${folder}/${rules}`)];
    await editor.open(texts['20-out.sluice.yaml'].replace('tag: out', 'tag: other'), out);
    await editor.open(texts[rules], own);
    await editor.codesOf(own, (codes) => codes.includes('C_UNKNOWN_OUTBOUND'));
    await editor.notify('textDocument/didClose', { textDocument: { uri: out } });
    expect(await editor.codesOf(own, none)).toEqual([]);
    await editor.codesOf(out, (codes) => codes.includes('C_UNUSED_OUTBOUND'));
    await editor.notify('textDocument/didClose', { textDocument: { uri: own } });
    expect(await editor.codesOf(out, none)).toEqual([]);
  });

  it('is looked at again when files change on the disk', async () => {
    const own = uriOf(`${folder}/${rules}`);
    await editor.open(texts[rules], own);
    expect(await editor.diagnostics()).toEqual([]);
    writeFileSync(join(root, folder, '20-out.sluice.yaml'), 'outbounds:\n- tag: quite-another\n  protocol: freedom\n');
    await editor.notify('workspace/didChangeWatchedFiles', { changes: [] });
    expect(await editor.codesOf(own, (codes) => codes.length > 0)).toEqual(['C_UNKNOWN_OUTBOUND']);
  });

  it('is what it is called; files of other folders stand alone', async () => {
    write('other');
    await editor.open(texts[rules], uriOf(`other/${rules}`));
    expect((await editor.diagnostics()).map(({ code }) => code)).toEqual(['C_UNKNOWN_INBOUND', 'C_UNKNOWN_OUTBOUND']);
  });
});

describe('the setting of files', () => {
  it('names files and folders that are one configuration', async () => {
    write('a');
    write('b');
    const files = ['b', ['a/20-out.sluice.yaml', 'a/10-in.json', `a/${rules}`]];
    const workspaceFolders = [{ uri: pathToFileURL(root).href, name: 'project' }];
    const other = await Editor.start(true, { workspaceFolders, initializationOptions: { files } });
    for (const folder of ['a', 'b']) {
      await other.open(texts[rules], uriOf(`${folder}/${rules}`));
      expect(await other.diagnostics(), folder).toEqual([]);
    }
    await other.notify('workspace/didChangeConfiguration', { settings: { sluice: { files: [] } } });
    await other.codesOf(uriOf(`a/${rules}`), (codes) => codes.includes('C_UNKNOWN_OUTBOUND'));
    await other.notify('workspace/didChangeConfiguration', { settings: { sluice: { files: ['a', 5, [{}], null] } } });
    expect(await other.codesOf(uriOf(`a/${rules}`), none)).toEqual([]);
    other.close();
  });
});

it('documents that are no files stand alone', async () => {
  for (const uri of [
    'untitled:Untitled-1',
    'git:/a/conf.d/b.json?ref',
    'file://host/conf.d/a.json',
    'vscode-vfs://x/y',
  ]) {
    const languageId = 'sluice-jsonc';
    const text = '{ "outbounds": [{ "protocl": "freedom" }] }';
    await editor.notify('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } });
    expect(await editor.codesOf(uri, (codes) => codes.length > 0), uri).toContain('C_UNKNOWN_KEY');
  }
});
