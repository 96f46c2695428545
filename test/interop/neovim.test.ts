import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_VERSION } from '@sluice/plugin-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { editWithNeovim, type Step } from '../peers/neovim.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));
const server = [process.execPath, program, 'lsp', '--stdio'];
const SECRET = '00112233445566778899aabbccddeeff';

interface Told {
  readonly line: number;
  readonly column: number;
  readonly last: number;
  readonly severity: number;
  readonly code: string;
  readonly message: string;
}
interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}
interface Item {
  readonly label: string;
}
interface Place {
  readonly range: { readonly start: { readonly line: number } };
}

/** The same configuration twice, with the same faults: a key that nobody reads and a tag that nobody has. */
const jsonc = `{
  // where clients come in
  "inbounds": [
    { "tag": "web", "prot": 1, "port": 1080, "protocol": "socks" },
    {
      "tag": "telegram", "port": 8443, "protocol": "mtproto",
      "settings": { "users": [{ "email": "me", "secret": "${SECRET}" }] }
    }
  ],
  "outbounds": [
    { "tag": "direct", "protocol": "freedom" },
    { "tag": "nowhere", "protocol": "blackhole" }
  ],
  "routing": {
    "domainStrategy": "AsIs",
    "rules": [
      { "type": "field", "inboundTag": ["web"], "outboundTag": "dirct" },
      { "type": "field", "port": 25, "outboundTag": "nowhere" }
    ]
  }
}
`;
const yaml = `# where clients come in
inbounds:
  - tag: web
    prot: 1
    port: 1080
    protocol: socks
  - tag: telegram
    port: 8443
    protocol: mtproto
    settings:
      users:
        - email: me
          secret: ${SECRET}
outbounds:
  - tag: direct
    protocol: freedom
  - tag: nowhere
    protocol: blackhole
routing:
  domainStrategy: AsIs
  rules:
    - type: field
      inboundTag: [web]
      outboundTag: dirct
    - type: field
      port: 25
      outboundTag: nowhere
`;

const kinds = [
  { name: 'config.jsonc', text: jsonc, quote: '"', wrongKey: '"prot"', wrongTag: '"dirct"' },
  { name: 'config.yaml', text: yaml, quote: '', wrongKey: 'prot', wrongTag: 'dirct' },
];

/** Where a text stands first: line and column from 1, and the column after it from 0. */
function placeOf(text: string, needle: string): { line: number; column: number; last: number } {
  const before = text.slice(0, text.indexOf(needle)).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return { line: before.length, column, last: column - 1 + needle.length };
}

const lineOf = (text: string, needle: string): number => placeOf(text, needle).line - 1;
const labels = (answer: unknown): string[] => ((answer as Answer).result as Item[]).map(({ label }) => label);
const lines = (answer: unknown): number[] =>
  ((answer as Answer).result as Place[]).map(({ range }) => range.start.line).sort((a, b) => a - b);
const said = (answer: unknown): string => JSON.stringify((answer as Answer).result);

describePeers('Neovim with the language server', ['neovim'], () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder('edited');
  });
  afterEach(() => folder.remove());

  async function edit(name: string, text: string, steps: readonly Step[]): Promise<unknown[]> {
    const path = join(folder.path, name);
    await writeFile(path, text);
    return (await editWithNeovim(server, folder.path, [{ does: 'open', path }, ...steps])).slice(1);
  }

  it.each(kinds)('shows what is wrong with $name, and what mends it', async (kind) => {
    const { name, text, quote, wrongKey, wrongTag } = kind;
    const [before, key, tag, after] = await edit(name, text, [
      { does: 'diagnostics' },
      { does: 'act', code: 'C_UNKNOWN_KEY', title: 'Change to "port"' },
      { does: 'act', code: 'C_UNKNOWN_OUTBOUND', title: 'Change to "direct"' },
      { does: 'diagnostics' },
    ]);
    expect(before).toMatchObject([
      {
        ...placeOf(text, wrongKey),
        severity: 2,
        code: 'C_UNKNOWN_KEY',
        message: expect.stringContaining('"port"') as string,
      },
      { ...placeOf(text, wrongTag), severity: 1, code: 'C_UNKNOWN_OUTBOUND' },
    ]);
    const { text: renamedKey } = key as { text: string };
    expect(renamedKey).toBe(text.replace(wrongKey, wrongKey.replace('prot', 'port')));
    expect(tag).toMatchObject({
      titles: expect.arrayContaining(['Change to "direct"', 'Add an outbound "dirct"']) as string[],
      text: renamedKey.replace(wrongTag, `${quote}direct${quote}`),
    });
    // The key is written twice now.
    expect((after as Told[]).map(({ code }) => code)).toEqual(['C_DUPLICATE_KEY']);
  });

  it.each(kinds)('adds the outbound that is missing in $name', async ({ name, text }) => {
    const [, added, left] = await edit(name, text, [
      { does: 'diagnostics' },
      { does: 'act', code: 'C_UNKNOWN_OUTBOUND', title: 'Add an outbound "dirct"' },
      { does: 'diagnostics' },
    ]);
    expect((added as { text: string }).text.replaceAll(' ', '')).toContain(
      name.endsWith('yaml') ? '-tag:dirct\nprotocol:freedom\n' : '{"tag":"dirct","protocol":"freedom"}',
    );
    expect((left as Told[]).map(({ code }) => code)).toEqual(['C_UNKNOWN_KEY']);
  });

  it.each(kinds)('completes, explains and leads about in $name', async ({ name, text, quote }) => {
    const tag = `${quote}nowhere${quote}`;
    const last = name.endsWith('yaml') ? 'outboundTag: nowhere' : '"outboundTag": "nowhere"';
    const params = { context: { includeDeclaration: true } };
    const [keys, tags, values, strategy, secret, definition, references, symbols] = await edit(name, text, [
      { does: 'ask', method: 'completion', needle: 'prot', offset: 2 },
      { does: 'ask', method: 'completion', needle: 'dirct', offset: 3 },
      { does: 'ask', method: 'completion', needle: 'AsIs', offset: 1 },
      { does: 'ask', method: 'hover', needle: 'domainStrategy', offset: 3 },
      { does: 'ask', method: 'hover', needle: SECRET, offset: 4 },
      { does: 'ask', method: 'definition', needle: last, offset: last.length - 3 },
      { does: 'ask', method: 'references', needle: tag, offset: 2, params },
      { does: 'ask', method: 'documentSymbol', needle: tag },
    ]);
    expect(labels(keys)).toEqual(expect.arrayContaining(['listen', 'settings', 'sniffing']));
    expect(labels(tags).slice(0, 2).sort()).toEqual(['direct', 'nowhere']);
    expect(labels(values)).toEqual(expect.arrayContaining(['AsIs', 'IPIfNonMatch', 'IPOnDemand']));
    expect(said(strategy)).toMatch(/Default.*AsIs/);
    expect(said(secret)).not.toContain(SECRET);
    expect(said(secret)).toMatch(/secret/i);
    expect(lines(definition)).toEqual([lineOf(text, tag)]);
    expect(lines(references)).toEqual([lineOf(text, tag), lineOf(text, last)]);
    expect((symbols as { result: { name: string }[] }).result.map((each) => each.name)).toEqual([
      'inbounds',
      'outbounds',
      'routing',
    ]);
  });

  it.each(kinds)('renames a tag wherever it stands in $name, but not to one that is taken', async ({ name, text }) => {
    const [taken, renamed] = await edit(name, text, [
      { does: 'rename', needle: 'nowhere', offset: 2, to: 'direct' },
      { does: 'rename', needle: 'nowhere', offset: 2, to: 'void' },
    ]);
    expect(taken).toMatchObject({
      error: expect.stringContaining('there is an outbound of this name') as string,
      text,
    });
    expect(renamed).toMatchObject({ text: text.replaceAll('nowhere', 'void') });
  });

  it.each(kinds)('lays out $name without losing its comments', async ({ name, text }) => {
    const crooked = name.endsWith('yaml')
      ? text.replace('tag: web', 'tag:   web').replace('[web]', '[ web ]')
      : text.replaceAll(/\n +/g, '\n');
    const [laid, diagnostics] = await edit(name, crooked, [{ does: 'format' }, { does: 'diagnostics' }]);
    expect(laid).toContain('where clients come in');
    expect(laid).toContain(name.endsWith('yaml') ? '  - tag: web\n' : '\n  "outbounds": [\n    {');
    expect((diagnostics as Told[]).map(({ code }) => code)).toEqual(['C_UNKNOWN_KEY', 'C_UNKNOWN_OUTBOUND']);
  });

  it('knows the options of a plugin by its schema file, and does not run it', async () => {
    const plugin = join(folder.path, 'node_modules/sluice-plugin-ferry');
    await mkdir(plugin, { recursive: true });
    const sluice = {
      api: String(API_VERSION),
      entry: './index.js',
      contributes: { outbounds: ['ferry'] },
      schema: './schema.json',
    };
    const said = { name: 'sluice-plugin-ferry', version: '1.0.0', description: 'A ferry.' };
    await writeFile(join(plugin, 'package.json'), JSON.stringify({ ...said, type: 'module', sluice }));
    await writeFile(
      join(plugin, 'index.js'),
      `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(join(folder.path, 'ran'))}, '');\n`,
    );
    const berth = { type: 'string', enum: ['north', 'south'], description: 'Where the ferry lands.' };
    const schema = { type: 'object', properties: { berth }, required: ['berth'], additionalProperties: false };
    await writeFile(
      join(plugin, 'schema.json'),
      JSON.stringify({ ...said, apiVersion: API_VERSION, outbounds: { ferry: { description: 'By ferry.', schema } } }),
    );
    const text =
      'plugins: [sluice-plugin-ferry]\noutbounds:\n  - tag: out\n    protocol: ferry\n    settings:\n      berth: nrth\n';
    const [diagnostics, protocols, keys, values] = await edit('config.yaml', text, [
      { does: 'diagnostics' },
      { does: 'ask', method: 'completion', needle: 'protocol: ferry', offset: 12 },
      { does: 'ask', method: 'completion', needle: 'berth', offset: 1 },
      { does: 'ask', method: 'completion', needle: 'nrth', offset: 1 },
    ]);
    expect(diagnostics).toMatchObject([{ ...placeOf(text, 'nrth'), code: 'C_VALUE' }]);
    expect(labels(protocols)).toEqual(expect.arrayContaining(['ferry', 'freedom']));
    expect(labels(values)).toEqual(['north', 'south']);
    expect(labels(keys)).toEqual(expect.arrayContaining(['berth']));
    expect(existsSync(join(folder.path, 'ran'))).toBe(false);
  });
});
