import { applyEdits, format } from 'jsonc-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Editor } from './editor.fixture.js';

let editor: Editor;
beforeEach(async () => {
  editor = await Editor.start();
});
afterEach(() => editor.close());

const options = { tabSize: 2, insertSpaces: true };

/** Everything that can be asked of a document; an answer with an error fails. */
async function askAll(): Promise<void> {
  await editor.completion();
  await editor.hover();
  await editor.actions();
  await editor.ask('textDocument/references', { context: { includeDeclaration: true } });
  await editor.ask('textDocument/formatting', { options });
  for (const what of ['definition', 'prepareRename', 'documentSymbol', 'foldingRange'])
    await editor.ask(`textDocument/${what}`);
  await editor.ask('textDocument/rename', { newName: 'other' });
}

describe('every question is answered about', () => {
  it.each([
    ['brackets that open', 'a.jsonc', '['.repeat(10_000)],
    ['brackets that close', 'a.jsonc', `{ "inbounds": ${'['.repeat(10_000)}${']'.repeat(10_000)} }`],
    ['objects in objects', 'a.jsonc', '{"a":'.repeat(10_000)],
    ['brackets in YAML', 'a.yaml', '['.repeat(10_000)],
    ['brackets in an entry', 'a.yaml', `inbounds:\n  - tag: a\n    x: ${'['.repeat(10_000)}\n`],
    ['objects in brackets', 'a.yaml', `a: ${'{ a: '.repeat(5000)}`],
    ['lists in lists', 'a.yaml', '- '.repeat(2000)],
    ['steps to the right', 'a.yaml', Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['keys of keys', 'a.yaml', '? '.repeat(2000)],
    ['brackets in TOML', 'a.toml', `a = ${'['.repeat(5000)}`],
    ['an alias inside what it repeats', 'a.yaml', 'a: &a\n  b: *a\n'],
    [
      'aliases of aliases',
      'a.yaml',
      `a: &a [x]\n${Array.from('bcdefghi')
        .map((to, n) => `${to}: &${to} [${`*${'abcdefgh'[n] ?? ''},`.repeat(9)}]`)
        .join('\n')}\n`,
    ],
    ['several documents', 'a.yaml', 'inbounds: []\n---\noutbounds: []\n...\n'],
    ['names that objects have of themselves', 'a.yaml', '__proto__:\n  - tag: a\nconstructor: 1\ntoString: [b]\n'],
    [
      'names that objects have, in JSON',
      'a.jsonc',
      '{ "__proto__": { "tag": 1 }, "inbounds": [{ "__proto__": [], "tag": "__proto__" }] }',
    ],
    ['quotes without an end', 'a.yaml', 'a: "\n'.repeat(200)],
    ['comments without an end', 'a.jsonc', '/*'.repeat(1000)],
  ])('%s', async (_, file, text) => {
    await editor.open(text, file);
    await editor.diagnostics();
    for (const at of [0, 5, Math.floor(text.length / 2), text.length]) {
      editor.position = editor.document.positionAt(at);
      await askAll();
    }
  });
});

it('a long JSON text of one line is laid out as it would be bit by bit', async () => {
  const text = `{${Array.from({ length: 300 }, (_, n) => `"k${n}":[${n},{"a":/* x */1}], # c\n`).join('')}"z":{}}`;
  await editor.open(text);
  const edits = await editor.ask<TextEdit[]>('textDocument/formatting', { options });
  const slashed = text.replaceAll('# c', '//c');
  const wanted = applyEdits(slashed, format(slashed, undefined, { ...options, eol: '\n', insertFinalNewline: true }));
  expect(TextDocument.applyEdits(editor.document, edits)).toBe(wanted.replaceAll('//c', '# c'));
});

it.each([
  ['a.jsonc', '{ "outbounds": [{ "protocl": "freedom" }],\n "lg": {} }'],
  ['a.yaml', '"lg": {}\noutbounds:\n  - protocl: freedom\n'],
])(
  'what is wrong with a text with a byte order mark is told where the editor has it, and mended: %s',
  async (file, text) => {
    await editor.open(`\ufeff${text}`, file);
    const problems = (await editor.diagnostics()).filter(({ code }) => code === 'C_UNKNOWN_KEY');
    const words = problems.map(({ range }) => editor.document.getText(range).replaceAll('"', ''));
    expect(words.sort()).toEqual(['lg', 'protocl']);
    for (const problem of problems) {
      const [action] = await editor.actions([problem]);
      expect(editor.edited(action?.edit)).toMatch(/^\ufeff[^]*("log"|protocol)/);
    }
  },
);

describe('tags are found and renamed in texts', () => {
  const json =
    '{ "outbounds": [{ "tag": "😀out", "protocol": "freedom" }, /* 😀 */ { "tag": "b", "proxySettings": { "tag": "‸😀out" } }] }';
  const yaml =
    '# 😀\noutbounds:\n  - tag: &o out\n    protocol: freedom\n  - { tag: b, "proxySettings": { tag: ‸out } }\n';
  it.each([
    ['with pairs of code units before', 'a.jsonc', json, 2],
    ['with line ends of Windows', 'a.jsonc', json.replaceAll(', ', ',\r\n\t'), 2],
    ['with a byte order mark', 'a.jsonc', `\ufeff${json}`, 2],
    ['that are half written', 'a.jsonc', json.replace('] }', ', { "tag": "c", "pro'), 2],
    ['of YAML', 'a.yaml', yaml, 2],
    ['of YAML with line ends of Windows', 'a.yaml', yaml.replaceAll('\n', '\r\n'), 2],
    ['of YAML with a byte order mark', 'a.yaml', `\ufeff${yaml}`, 2],
    [
      'of YAML that are half written',
      'a.yaml',
      `${yaml}routing:\n  rules:\n    - outboundTag: out\n      dom\n    - type: "fie\n`,
      3,
    ],
    ['of YAML with a document after', 'a.yaml', `${yaml}---\na: 1\n`, 2],
  ])('%s', async (_, file, marked, count) => {
    const name = file.endsWith('yaml') ? 'out' : '😀out';
    await editor.open(marked, file);
    const found = await editor.ask<{ range: { start: object } }[]>('textDocument/references', {
      context: { includeDeclaration: true },
    });
    expect(found.map(({ range }) => editor.document.getText(range as never))).toEqual(Array(count).fill(name));
    const edit = await editor.ask<WorkspaceEdit>('textDocument/rename', { newName: 'exit-1' });
    const tags = new RegExp(`(?<![a-z])${name}(?![A-Za-z])`, 'gu');
    expect(editor.edited(edit)).toBe(marked.replace('‸', '').replaceAll(tags, 'exit-1'));
  });
});
