import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentSymbol, Location, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import { Editor } from './editor.fixture.js';

let editor: Editor;
beforeEach(async () => {
  editor = await Editor.start();
});
afterEach(() => editor.close());

const places = (locations: readonly Location[]): string[] =>
  locations.map(({ range }) => `${editor.document.getText(range)}@${range.start.line}`);

const sample = `{
  // tags
  "inbounds": [{ "tag": "in", "port": 1080, "protocol": "socks", "settings": { "users": [{ "email": "ann", "secret": "00" }] } }],
  "outbounds": [
    { "tag": "out", "protocol": "freedom" },
    { "tag": "out-2", "protocol": "blackhole" }
  ],
  "routing": {
    "rules": [{ "type": "field", "inboundTag": ["in"], "user": "ann", "outboundTag": "out" }]
  }
}
`;
const yamlSample = `inbounds:
  - tag: in # tags
    port: 1080
    protocol: socks
outbounds:
  - tag: out
    protocol: freedom
routing:
  rules:
    - type: field
      inboundTag: [in]
      outboundTag: out
`;

describe('diagnostics', () => {
  it('stand at their places, with their codes', async () => {
    await editor.open('{\n  "outbounds": [{ "protocl": "freedom" }],\n  "log": { "loglevel": 5 }\n}\n');
    const told = (await editor.diagnostics()).map(({ code, range, severity }) => [
      code,
      editor.document.getText(range),
      severity,
    ]);
    expect(told).toContainEqual(['C_UNKNOWN_KEY', '"protocl"', 2]);
    expect(told).toContainEqual(['C_TYPE', '5', 1]);
  });

  it('come again after each change, for the last version only', async () => {
    await editor.open('{ "outbounds": [{ "protocol": "freedom" }] }');
    expect(await editor.diagnostics()).toEqual([]);
    for (const [version, text] of ['{ "outbounds": [', '{ "outbounds": [{ "protocol": "fredom" }] }'].entries()) {
      editor.document = TextDocument.update(editor.document, [{ text }], version + 2);
      const { uri } = editor.document;
      await editor.notify('textDocument/didChange', {
        textDocument: { uri, version: version + 2 },
        contentChanges: [{ text }],
      });
    }
    const [problem] = await editor.diagnostics();
    expect(problem).toMatchObject({ code: 'C_UNKNOWN_PROTOCOL', data: { suggestion: 'freedom' } });
  });

  it('stand at their places in YAML', async () => {
    await editor.open('outbounds:\n  - protocol: freedom\n    tagg: a\n', 'a.sluice.yaml');
    const [problem] = await editor.diagnostics();
    expect([problem?.code, editor.document.getText(problem?.range)]).toEqual(['C_UNKNOWN_KEY', 'tagg']);
  });

  it('are the same whether changes come in pieces or whole', async () => {
    const other = await Editor.start();
    const edit = fc.record({
      at: fc.nat(400),
      length: fc.nat(12),
      text: fc.constantFrom('', '"', '}', ',', 'a', '\n', '{ "tag": 1 }'),
    });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const file = `n${(n += 1)}.sluice.jsonc`;
        await editor.open(sample, file);
        for (const { at, length, text } of edits) {
          const { uri, version } = editor.document;
          const start = Math.min(at, editor.document.getText().length);
          const range = {
            start: editor.document.positionAt(start),
            end: editor.document.positionAt(start + length),
          };
          editor.document = TextDocument.update(editor.document, [{ range, text }], version + 1);
          await editor.notify('textDocument/didChange', {
            textDocument: { uri, version: version + 1 },
            contentChanges: [{ range, text }],
          });
        }
        await other.open(editor.document.getText(), file);
        expect(await editor.diagnostics()).toEqual(await other.diagnostics());
      }),
      { numRuns: 25 },
    );
    other.close();
  });
});

describe('completion', () => {
  it('offers keys that are not there yet, what must be there first', async () => {
    await editor.open('{ "inbounds": [{ "port": 1, "‸" }] }');
    const items = await editor.completion();
    const labels = items.map(({ label }) => label);
    expect(labels).toContain('protocol');
    expect(labels).not.toContain('port');
    expect(items.find(({ label }) => label === 'protocol')).toMatchObject({
      sortText: '0protocol',
      filterText: '"protocol"',
    });
    expect(await editor.chosen('listen')).toContain('{ "port": 1, "listen": "');
  });

  it('offers settings by the protocol', async () => {
    await editor.open('{ "inbounds": [{ "protocol": "socks", "settings": { ‸ } }] }');
    expect(await editor.labels()).toEqual(expect.arrayContaining(['auth', 'udp', 'users']));
    expect(await editor.chosen('auth')).toContain('"settings": { "auth": "${1:noauth}" }');
    const old = (await editor.completion()).find(({ label }) => label === 'old');
    expect(old?.tags).toEqual([1]);
  });

  it('offers values with their meanings', async () => {
    await editor.open('{ "inbounds": [{ "protocol": "socks", "settings": { "auth": "‸" } }] }');
    const items = await editor.completion();
    expect(items.map(({ label }) => label)).toEqual(['noauth', 'password']);
    expect(items[1]?.documentation).toMatchObject({ value: 'Who knows a password.' });
    expect(await editor.chosen('password')).toContain('{ "auth": "password" }');
  });

  it.each([
    ['an outbound', sample.replace('"outboundTag": "out"', '"outboundTag": "‸"'), ['out', 'out-2']],
    ['an inbound', sample.replace('["in"]', '[‸]'), ['in']],
    ['a user', sample.replace('"user": "ann"', '"user": ["‸"]'), ['ann']],
  ])('offers the names of %s', async (_, text, names) => {
    await editor.open(text);
    expect((await editor.labels()).filter((label) => names.includes(label))).toEqual(names);
  });

  it.each([
    ['a.sluice.jsonc', '{ "routing": { "rules": [{ "type": "field", "domain": [‸] }] } }'],
    ['a.sluice.yaml', 'routing:\n  rules:\n    - type: field\n      domain:\n        - ‸\n'],
  ])('offers how a domain of a rule may be written, in %s', async (file, text) => {
    await editor.open(text, file);
    expect(await editor.labels()).toEqual(expect.arrayContaining(['domain:', 'full:', 'geosite:']));
    expect(await editor.chosen('full:')).toBe(text.replace('‸', '"full:$1"'));
    await editor.open(text.replace('domain', 'ip'), file);
    expect(await editor.labels()).toContain('geoip:');
  });

  it('offers whole entries', async () => {
    await editor.open('{ "inbounds": [‸] }');
    expect(await editor.chosen('socks')).toContain('"protocol": "socks"');
  });

  it('offers nothing in a comment', async () => {
    await editor.open('{\n  // "inb‸\n}');
    expect(await editor.labels()).toEqual([]);
    await editor.open('inbounds: # p‸\n', 'a.yaml');
    expect(await editor.labels()).toEqual([]);
  });

  it.each([
    ['a key at the top', 'inb‸', 'inbounds', 'inbounds:\n  - $1'],
    ['a key further in', 'inbounds:\n  - tag: a\n    lis‸\n', 'listen', '    listen: $1\n'],
    ['a key on an empty line', 'inbounds:\n  - protocol: socks\n    settings:\n      ‸\n', 'udp', '      udp: $1\n'],
    ['a key before others', 'inbounds:\n  - ‸\n    tag: a\n', 'port', '- port: $1\n'],
    ['a value', 'inbounds:\n  - protocol: so‸\n', 'socks', 'protocol: socks\n'],
    ['a value in quotes', 'inbounds:\n  - protocol: "s‸"\n', 'socks', 'protocol: "socks"\n'],
    ['a tag', yamlSample.replace('outboundTag: out', 'outboundTag: ‸'), 'out', 'outboundTag: out\n'],
    ['a tag in brackets', yamlSample.replace('[in]', '[‸]'), 'in', 'inboundTag: [in]\n'],
    ['a tag of a list', yamlSample.replace('[in]', '\n        - ‸'), 'in', '- in\n'],
  ])('offers %s in YAML', async (_, text, label, line) => {
    await editor.open(text, 'a.sluice.yaml');
    expect(await editor.chosen(label)).toContain(line);
  });

  it('gives no places to editors that have none', async () => {
    const plain = await Editor.start(false);
    await plain.open('{ ‸ }');
    expect((await plain.completion()).every(({ textEdit }) => !(textEdit as TextEdit).newText.includes('$1'))).toBe(
      true,
    );
    plain.close();
  });

  it('never fails, wherever the cursor is', async () => {
    for (const [text, file] of [
      [sample, 'a.sluice.jsonc'],
      [yamlSample, 'a.sluice.yaml'],
    ] as const) {
      await editor.open(text, file);
      for (let at = 0; at <= text.length; at += 1) {
        editor.position = editor.document.positionAt(at);
        await editor.completion();
        await editor.hover();
      }
    }
  });

  it('never fails, wherever the text ends', async () => {
    for (const [text, file] of [
      [sample, 'jsonc'],
      [yamlSample, 'yaml'],
    ] as const) {
      for (let end = 0; end <= text.length; end += 3) {
        await editor.open(`${text.slice(0, end)}‸`, `cut${end}.${file}`);
        await editor.completion();
      }
    }
  });
});

describe('hover', () => {
  it('tells of a key, and what a value means', async () => {
    await editor.open('{ "inbounds": [{ "protocol": "so‸cks" }] }');
    expect(await editor.hover()).toContain('SOCKS clients.');
    await editor.open('{ "inbounds": [{ "protocol": "socks", "settings": { "u‸dp": true } }] }');
    expect(await editor.hover()).toContain('Whether UDP is taken.');
  });

  it('tells what a tag means', async () => {
    await editor.open(sample.replace('"outboundTag": "out"', '"outboundTag": "o‸ut"'));
    expect(await editor.hover()).toContain('Means outbound `out` (freedom).');
  });

  it('never shows a secret', async () => {
    await editor.open('{ "inbounds": [{ "protocol": "socks", "settings": { "users": [{ "secret": "abcd‸ef" }] } }] }');
    const said = await editor.hover();
    expect(said).toContain('What only the user knows.');
    expect(said).not.toContain('abcdef');
  });
});

describe('tags', () => {
  it('lead to where they are given, and back', async () => {
    await editor.open(sample.replace('["in"]', '["i‸n"]'));
    expect(places(await editor.ask('textDocument/definition'))).toEqual(['in@2']);
    const all = await editor.ask<Location[]>('textDocument/references', { context: { includeDeclaration: true } });
    expect(places(all)).toEqual(['in@2', 'in@8']);
  });

  it.each([
    [sample, 'a.jsonc'],
    [yamlSample, 'a.yaml'],
  ])('are renamed everywhere, and nothing else is', async (text, file) => {
    const marked = text.replace(/outboundTag(.*)out/, 'outboundTag$1o‸ut');
    await editor.open(marked, file);
    const prepared = await editor.ask<{ range: Range; placeholder: string }>('textDocument/prepareRename');
    expect(prepared).toMatchObject({ placeholder: 'out' });
    const edit = await editor.ask<WorkspaceEdit>('textDocument/rename', { newName: 'exit' });
    expect(editor.edited(edit)).toBe(
      text.replace(/(tag"?: "?)out(?!-)/, '$1exit').replace(/(outboundTag"?: "?)out/, '$1exit'),
    );
  });

  it('are not renamed to what is there already, nor to what is no tag', async () => {
    await editor.open(sample.replace('"tag": "out"', '"tag": "o‸ut"'));
    await expect(editor.ask('textDocument/rename', { newName: 'out-2' })).rejects.toThrow(/there is an outbound/);
    for (const newName of ['', 'a,b', '"', ' a'])
      await expect(editor.ask('textDocument/rename', { newName })).rejects.toThrow(/a tag has no/);
    editor.position = { line: 0, character: 0 };
    expect(await editor.ask('textDocument/prepareRename')).toBeNull();
  });
});

describe('code actions', () => {
  it('mend a misspelt key', async () => {
    await editor.open('{ "outbounds": [{ "protocl": "freedom" }] }');
    const problems = (await editor.diagnostics()).filter(({ code }) => code === 'C_UNKNOWN_KEY');
    const [action] = await editor.actions(problems);
    expect(action).toMatchObject({ kind: 'quickfix', title: 'Change to "protocol"' });
    expect(editor.edited(action?.edit)).toBe('{ "outbounds": [{ "protocol": "freedom" }] }');
  });

  it.each([
    [sample, 'a.jsonc', '{ "tag": "nowhere-at-all", "protocol": "freedom" }'],
    [yamlSample, 'a.yaml', '  - tag: nowhere-at-all\n    protocol: freedom\n'],
  ])('add the outbound that is missing', async (text, file, added) => {
    await editor.open(text.replace(/(outboundTag"?: "?)out/, '$1nowhere-at-all'), file);
    const problems = (await editor.diagnostics()).filter(({ code }) => code === 'C_UNKNOWN_OUTBOUND');
    const action = (await editor.actions(problems)).find(({ title }) => title.startsWith('Add'));
    const edited = editor.edited(action?.edit);
    expect(edited).toContain(added);
    await editor.open(edited, `mended.${file}`);
    expect((await editor.diagnostics()).map(({ code }) => code)).not.toContain('C_UNKNOWN_OUTBOUND');
  });

  it.each([
    ['secret', /"secret": "[0-9a-f]{32}"/],
    ['id', /"id": "[0-9a-f]{8}-[0-9a-f-]{27}"/],
    ['password', /"password": "[\w-]{24}"/],
  ])('make a new %s', async (key, made) => {
    await editor.open(`{ "inbounds": [{ "protocol": "socks", "settings": { "users": [{ "${key}": "‸" }] } }] }`);
    const [action] = await editor.actions();
    expect(editor.edited(action?.edit)).toMatch(made);
  });
});

describe('formatting', () => {
  it('lays JSON out, with its comments', async () => {
    await editor.open('{ "log":{}, # a\n// b\n"outbounds":[ ] /* c */ }');
    const edits = await editor.ask<TextEdit[]>('textDocument/formatting', {
      options: { tabSize: 2, insertSpaces: true },
    });
    const laid = TextDocument.applyEdits(editor.document, edits);
    expect(laid).toBe('{\n  "log": {}, # a\n  // b\n  "outbounds": [] /* c */\n}\n');
  });

  it('lays YAML out, with its comments, and leaves what is broken', async () => {
    await editor.open('inbounds:\n    - tag:   a # b\n', 'a.yaml');
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await editor.ask<TextEdit[]>('textDocument/formatting', { options });
    expect(TextDocument.applyEdits(editor.document, edits)).toBe('inbounds:\n  - tag: a # b\n');
    await editor.open('a: [\n', 'b.yaml');
    expect(await editor.ask('textDocument/formatting', { options })).toEqual([]);
  });
});

it('formatting leaves every value of a YAML text as it is written', async () => {
  const plain = ['0012', '12345678901234567890123456789012', '1e3', '0x1F', '1.50', '+5', '-0', '.inf', 'True', '~'];
  const other = ['"a: b"', "'it''s'", '# nothing', '{ a: 01, b: [ 2.0 ] }', '|\n  two\n  lines', '&x 007', '!!str 5'];
  const values = fc.array(fc.constantFrom(...plain, ...other), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(values, async (written) => {
      const text = `${written.map((value, index) => `k${index}:   ${value}`).join('\n')}\n`;
      await editor.open(text, 'a.sluice.yaml');
      const edits = await editor.ask<TextEdit[]>('textDocument/formatting', {
        options: { tabSize: 2, insertSpaces: true },
      });
      const laid = TextDocument.applyEdits(editor.document, edits);
      const meaning = (yaml: string): unknown => parse(yaml, { schema: 'failsafe' }) as unknown;
      expect(meaning(laid)).toEqual(meaning(text));
      expect(laid).not.toContain(':   ');
    }),
    { numRuns: 50 },
  );
});

it('leaves several documents in one YAML text, and one without any, as they are', async () => {
  for (const text of ['a:   1\n---\nb:   2\n', '# only a comment\n', '']) {
    await editor.open(text, 'a.sluice.yaml');
    expect(
      await editor.ask<TextEdit[]>('textDocument/formatting', { options: { tabSize: 2, insertSpaces: true } }),
    ).toEqual([]);
  }
});

it('outlines a file by its entries', async () => {
  await editor.open(sample);
  const symbols = await editor.ask<DocumentSymbol[]>('textDocument/documentSymbol');
  expect(symbols.map(({ name }) => name)).toEqual(['inbounds', 'outbounds', 'routing']);
  expect(symbols[1]?.children?.map(({ name, detail }) => `${name} ${detail ?? ''}`)).toEqual([
    'out freedom',
    'out-2 blackhole',
  ]);
});

describe('a plugin from elsewhere', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-lsp-'));
    const own = join(folder, 'node_modules/sluice-plugin-far');
    mkdirSync(own, { recursive: true });
    const sluice = { api: '1', entry: './far.js', schema: './far.schema.json', contributes: { outbounds: ['far'] } };
    writeFileSync(join(own, 'package.json'), JSON.stringify({ name: 'sluice-plugin-far', version: '1.0.0', sluice }));
    writeFileSync(join(own, 'far.js'), 'throw new Error("it must not run");');
    const schema = { type: 'object', properties: { speed: { type: 'integer', description: 'How fast.' } } };
    writeFileSync(
      join(own, 'far.schema.json'),
      JSON.stringify({
        name: 'sluice-plugin-far',
        version: '1.0.0',
        apiVersion: 1,
        description: 'Far.',
        outbounds: { far: { description: 'Far away.', schema } },
      }),
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is known by its schema file, and never run', async () => {
    const uri = pathToFileURL(join(folder, 'c.sluice.jsonc')).href;
    await editor.open(
      '{ "plugins": ["sluice-plugin-far"], "outbounds": [{ "protocol": "far", "settings": { ‸ } }] }',
      uri,
    );
    expect(await editor.labels()).toContain('speed');
    expect(await editor.diagnostics()).toEqual([]);
    await editor.open(
      '{ "plugins": ["sluice-plugin-far"], "outbounds": [{ "protocol": "far", "settings": { "speed": "a" } }] }',
      `${uri}.jsonc`,
    );
    expect((await editor.diagnostics()).map(({ code }) => code)).toEqual(['C_TYPE']);
  });

  it('that is not there is said so, and its protocols are left alone', async () => {
    const uri = pathToFileURL(join(folder, 'd.sluice.jsonc')).href;
    await editor.open('{ "plugins": ["sluice-plugin-absent"], "outbounds": [{ "protocol": "absent" }] }', uri);
    const [problem, ...others] = await editor.diagnostics();
    expect([problem?.code, editor.document.getText(problem?.range)]).toEqual([
      'C_PLUGIN_LOAD',
      '"sluice-plugin-absent"',
    ]);
    expect(others).toEqual([]);
  });
});
