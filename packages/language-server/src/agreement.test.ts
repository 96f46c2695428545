import { loadTexts, prepareFormats, type Diagnostic as Problem } from '@sluice/config';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Diagnostic } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Editor } from './editor.fixture.js';
import { plugins } from './plugins.fixture.js';

const json = `{
  // 😀
  "inbounds": [
    { "tag": "in", "port": 1080, "protocol": "socks", "settings": { "users": [{ "email": "änn", "secret": "00" }] } }
  ],
  "outbounds": [
    { "tag": "out", "protocol": "freedom" },
    { "tag": "out-2", "protocol": "blackhole", "proxySettings": { "tag": "out" } }
  ],
  "routing": { "rules": [{ "type": "field", "inboundTag": ["in"], "user": "ann", "outboundTag": "out-2" }] }
}
`;
const yaml = `# 😀
inbounds:
  - &first
    tag: in # a
    port: 1080
    protocol: socks
    settings: { users: [{ email: "änn", secret: '00' }] }
outbounds:
  - tag: out
    protocol: freedom
  - { tag: out-2, protocol: blackhole, proxySettings: { tag: out } }
routing:
  rules:
    - type: field
      inboundTag: [in]
      user: |-
        ann
      outboundTag: out-2
`;
const toml = `# 😀
[[inbounds]]
tag = "in"
port = 1080
protocol = "socks"

[[outbounds]]
tag = "out"
protocol = "freedom"
`;

let editor: Editor;
beforeEach(async () => {
  editor = await Editor.start();
});
afterEach(() => editor.close());

/** What the protocol tells of a place, as the loader does. */
const told = ({ code, range: { start, end } }: Diagnostic): string =>
  `${code} ${start.line + 1}:${start.character + 1}-${end.line + 1}:${end.character + 1}`;
const meant = ({ code, range }: Problem): string =>
  range === undefined ? `${code} 1:1-1:1` : `${code} ${range.line}:${range.column}-${range.endLine}:${range.endColumn}`;

const piece = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    ':',
    ',',
    '\n',
    '\r\n',
    '\r',
    '\t',
    ' ',
    '  ',
    '#',
    '//',
    '/*',
    '*/',
    '-',
  ),
  fc.constantFrom(
    '&a ',
    '*a',
    '*first',
    '<<: *first\n',
    '\n---\n',
    '\n...\n',
    '? ',
    '| ',
    '>',
    '!x ',
    '%',
    '@',
    '`',
    '~',
  ),
  fc.constantFrom(
    '😀',
    '\ud83d',
    '\udc00',
    '\u2028',
    '\u0000',
    '\ufeff',
    'ä',
    '"tag": 5, ',
    'tag: a\n',
    'null',
    '1e999',
  ),
  fc.constantFrom('"log": {}, "log": 5,', '{"a":{"b":[', '\\u12', '-0', '0x1f', 'true', '[[inbounds]]', 'log = 5\n'),
);

it.each([
  ['a.sluice.jsonc', json],
  ['a.sluice.yaml', yaml],
  ['a.sluice.toml', toml],
])('says of any text what the command says, at the same places: %s', async (name, text) => {
  await prepareFormats([{ file: name }]);
  let n = 0;
  let faults = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(text.length), fc.nat(6), piece), { maxLength: 4 }),
      fc.constantFrom('\n', '\n', '\n', '\r\n', '\r'),
      async (changes, end) => {
        n += 1;
        const uri = `file:///folder/${n}-${name}`;
        await editor.open(text.replaceAll('\n', end), uri);
        for (const [at, length, by] of changes) {
          const start = Math.min(at, editor.document.getText().length);
          const range = { start: editor.document.positionAt(start), end: editor.document.positionAt(start + length) };
          const { version } = editor.document;
          editor.document = TextDocument.update(editor.document, [{ range, text: by }], version + 1);
          await editor.notify('textDocument/didChange', {
            textDocument: { uri, version: version + 1 },
            contentChanges: [{ range, text: by }],
          });
        }
        const now = editor.document.getText();
        const file = `/folder/${n}-${name}`;
        const { diagnostics } = loadTexts([{ file, text: now }], { plugins });
        expect((await editor.diagnostics()).map(told), JSON.stringify(now)).toEqual(diagnostics.map(meant));
        faults += diagnostics.length > 0 ? 1 : 0;
        editor.position = editor.document.positionAt(changes[0]?.[0] ?? 0);
        await editor.completion();
        await editor.hover();
        await editor.ask('textDocument/documentSymbol');
        await editor.ask('textDocument/definition');
        await editor.notify('textDocument/didClose', { textDocument: { uri } });
      },
    ),
    { numRuns: 60 },
  );
  expect(faults).toBeGreaterThan(10);
});
