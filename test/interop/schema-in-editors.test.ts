import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ErrorCode, getLanguageService, TextDocument, type JSONSchema } from 'vscode-json-languageservice';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startLanguageServer, type LanguageServer } from '../peers/language-server.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

// The schema that ships, in what editors have for JSON and for YAML, which know nothing of Sluice.
const root = fileURLToPath(new URL('../..', import.meta.url));
const schemaFile = join(root, 'packages/cli/schema/sluice.schema.json');
const yamlServer = createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server');

const samples = ['configs', ...readdirSync(join(root, 'plugins')).map((name) => `plugins/${name}`)].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => /\.jsonc?$/.test(name) && name !== 'package.json' && name !== 'tsconfig.json')
    .map((name) => `${folder}/${name}`),
);

/** A broken value, and the words that are underlined. */
const wrong = [
  ['a type', { log: { loglevel: 5 } }, '5'],
  ['an unknown protocol', { inbounds: [{ protocol: 'sock', port: 1080 }] }, 'sock'],
  ['a value that is none of several', { routing: { domainStrategy: 'Whatever' } }, 'Whatever'],
  ['a setting', { inbounds: [{ protocol: 'socks', port: 1080, settings: { udp: 'maybe' } }] }, 'maybe'],
  ['a port', { inbounds: [{ protocol: 'socks', port: 70_000 }] }, '70000'],
] as const;

describe('vscode-json-languageservice with the schema', () => {
  const service = getLanguageService({
    clientCapabilities: {
      textDocument: { completion: { completionItem: { documentationFormat: ['markdown', 'plaintext'] } } },
    },
  });
  service.configure({
    allowComments: true,
    schemas: [
      { uri: 'urn:sluice', fileMatch: ['*'], schema: JSON.parse(readFileSync(schemaFile, 'utf8')) as JSONSchema },
    ],
  });

  function opened(marked: string): { document: TextDocument; position: { line: number; character: number } } {
    const at = Math.max(0, marked.indexOf('‸'));
    const document = TextDocument.create('file:///a.json', 'jsonc', 1, marked.replace('‸', ''));
    return { document, position: document.positionAt(at) };
  }
  async function problems(text: string): Promise<{ words: string; message: unknown }[]> {
    const { document } = opened(text);
    const found = await service.doValidation(document, service.parseJSONDocument(document), {
      comments: 'ignore',
      trailingCommas: 'ignore',
    });
    return found.map(({ range, message }) => ({ words: document.getText(range), message }));
  }

  it.each(samples)('has nothing to say of %s', async (path) => {
    expect(await problems(readFileSync(join(root, path), 'utf8'))).toEqual([]);
  });

  it.each(wrong)('finds %s where it stands', async (_, value, words) => {
    const found = await problems(JSON.stringify(value));
    // A wrong type is none of the allowed values either.
    expect([...new Set(found.map((problem) => problem.words.replaceAll('"', '')))]).toEqual([words]);
  });

  it('finds a key that nobody reads, and one that is missing', async () => {
    expect((await problems('{ "inbound": 1, "inbunds": [] }')).map(({ words }) => words)).toContain('"inbunds"');
    expect((await problems('{ "inbounds": [{ "port": 1 }] }')).map(({ message }) => String(message)).join()).toContain(
      'protocol',
    );
  });

  it.each([
    ['keys', '{ "inbounds": [{ ‸ }] }', ['protocol', 'port', 'listen']],
    ['protocols', '{ "inbounds": [{ "protocol": ‸ }] }', ['"mtproto"', '"socks"', '"http"']],
    ['settings by the protocol', '{ "inbounds": [{ "protocol": "mtproto", "settings": { ‸ } }] }', ['users']],
    ['values', '{ "routing": { "domainStrategy": ‸ } }', ['"AsIs"', '"IPIfNonMatch"', '"IPOnDemand"']],
    ['whole entries', '{ "outbounds": [‸] }', ['freedom', 'blackhole']],
  ])('offers %s', async (_, text, labels) => {
    const { document, position } = opened(text);
    const found = await service.doComplete(document, position, service.parseJSONDocument(document));
    expect(found?.items.map(({ label }) => label)).toEqual(expect.arrayContaining(labels));
  });

  it('says what values mean, and which keys are of older versions', async () => {
    const { document, position } = opened('{ "routing": { "domainStrategy": ‸ } }');
    const found = await service.doComplete(document, position, service.parseJSONDocument(document));
    const item = found?.items.find(({ label }) => label === '"IPOnDemand"');
    expect(JSON.stringify(item?.documentation)).toMatch(/resolve/i);
    const old = opened('{ "inboundDetour": [] }');
    const told = await service.doValidation(old.document, service.parseJSONDocument(old.document));
    expect(told.map(({ range, code }) => [old.document.getText(range), code])).toEqual([
      ['"inboundDetour": []', ErrorCode.Deprecated],
    ]);
  });

  it('tells what a key is for, and what a value means', async () => {
    const { document, position } = opened('{ "routing": { "domainStrategy": "As‸Is" } }');
    const hover = await service.doHover(document, position, service.parseJSONDocument(document));
    expect(JSON.stringify(hover?.contents)).toMatch(/AsIs/);
    const policy = opened('{ "policy": { "levels": { "0": { "hand‸shake": 4 } } } }');
    const told = await service.doHover(policy.document, policy.position, service.parseJSONDocument(policy.document));
    expect(JSON.stringify(told?.contents)).toMatch(/seconds/);
  });
});

describe('yaml-language-server with the schema', () => {
  const heading = `# yaml-language-server: $schema=${schemaFile}\n`;
  let folder: TemporaryFolder;
  let server: LanguageServer;
  let count = 0;

  beforeAll(async () => {
    folder = await temporaryFolder('yaml');
    server = await startLanguageServer(process.execPath, [yamlServer, '--stdio'], folder.path);
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  async function problems(text: string): Promise<string[]> {
    count += 1;
    const written = heading + text;
    const uri = server.open(join(folder.path, `${count}.yaml`), written, 'yaml');
    const document = TextDocument.create(uri, 'yaml', 1, written);
    return (await server.problems(uri)).map(({ range }) => document.getText(range));
  }

  it.each(wrong)('finds %s where it stands', async (_, value, words) => {
    expect([...new Set(await problems(stringify(value)))]).toEqual([words]);
  });

  it('has nothing to say of a configuration that is right', async () => {
    const text = 'inbounds:\n  - tag: in\n    protocol: socks\n    port: 1080\noutbounds:\n  - protocol: freedom\n';
    expect(await problems(text)).toEqual([]);
  });

  it.each([
    ['keys', 'inbounds:\n  - port: 1\n    |', ['protocol', 'listen']],
    ['protocols', 'inbounds:\n  - protocol: |', ['mtproto', 'socks']],
    ['settings by the protocol', 'inbounds:\n  - protocol: mtproto\n    settings:\n      |', ['users']],
    ['values', 'routing:\n  domainStrategy: |', ['AsIs', 'IPIfNonMatch']],
  ])('offers %s', async (_, text, labels) => {
    count += 1;
    const found = await server.completionsAt(join(folder.path, `${count}.yaml`), heading + text, 'yaml');
    expect(found).toEqual(expect.arrayContaining(labels));
  });

  it('tells what a key is for', async () => {
    const uri = server.open(
      join(folder.path, 'hover.yaml'),
      `${heading}policy:\n  levels:\n    "0":\n      handshake: 4\n`,
      'yaml',
    );
    const hover = await server.request('textDocument/hover', {
      textDocument: { uri },
      position: { line: 4, character: 9 },
    });
    expect(JSON.stringify(hover)).toMatch(/seconds/);
  });
});
