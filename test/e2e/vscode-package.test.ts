import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { startLanguageServer } from '../peers/language-server.js';
import { runProcess } from '../peers/process.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

const script = fileURLToPath(new URL('../../packages/vscode/scripts/package.mjs', import.meta.url));

// Tests the archive, takes it apart, and reads both XML files and all JSON files.
const unpack = `
import json, pathlib, sys, zipfile
from xml.dom import minidom
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
archive.extractall(sys.argv[2])
folder = pathlib.Path(sys.argv[2])
for name in ['[Content_Types].xml', 'extension.vsixmanifest']:
    minidom.parse(str(folder / name))
for path in folder.rglob('*.json'):
    json.loads(path.read_text())
manifest = minidom.parse(str(folder / 'extension.vsixmanifest'))
for asset in manifest.getElementsByTagName('Asset'):
    assert (folder / asset.getAttribute('Path')).is_file(), asset.getAttribute('Path')
types = {entry.getAttribute('Extension') for entry in minidom.parse(str(folder / '[Content_Types].xml')).getElementsByTagName('Default')}
for path in folder.rglob('*'):
    assert path.is_dir() or path.name == '[Content_Types].xml' or path.suffix in types, path
`;

interface Manifest {
  readonly main: string;
  readonly type: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly languages: readonly { readonly id: string; readonly configuration: string }[];
    readonly grammars: readonly { readonly path: string }[];
    readonly jsonValidation: readonly { readonly url: string }[];
  };
}

describePeers('the extension for VS Code', ['python3'], () => {
  let folder: TemporaryFolder;
  let extension: string;
  let manifest: Manifest;

  beforeAll(async () => {
    folder = await temporaryFolder('vsix');
    const archive = join(folder.path, 'sluice.vsix');
    const packed = await runProcess(process.execPath, [script, archive]);
    expect(packed).toMatchObject({ code: 0 });
    const unpacked = join(folder.path, 'unpacked');
    await mkdir(unpacked);
    expect(await runProcess('/usr/bin/python3', ['-c', unpack, archive, unpacked])).toMatchObject({
      code: 0,
      stderr: '',
    });
    extension = join(unpacked, 'extension');
    manifest = JSON.parse(await readFile(join(extension, 'package.json'), 'utf8')) as Manifest;
  });
  afterAll(() => folder.remove());

  it('has all that it says it has', async () => {
    const { commands, languages, grammars, jsonValidation } = manifest.contributes;
    const paths = [
      manifest.main,
      ...languages.map(({ configuration }) => configuration),
      ...grammars.map(({ path }) => path),
      ...jsonValidation.map(({ url }) => url),
    ];
    expect(paths.filter((path) => !existsSync(join(extension, path)))).toEqual([]);
    const code = await readFile(join(extension, manifest.main), 'utf8');
    for (const { command } of commands) expect(code).toContain(command);
    for (const { id } of languages) expect(code).toContain(id);
  });

  it('needs nothing but the editor and Node', async () => {
    const main = join(extension, manifest.main);
    expect(await runProcess(process.execPath, ['--check', main])).toMatchObject({ code: 0 });
    const code = await readFile(main, 'utf8');
    const required = new Set([...code.matchAll(/\brequire\((["'`])([^"'`]+)\1\)/g)].map(([, , name = '']) => name));
    expect(required).toContain('vscode');
    const known = new Set(['vscode', ...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
    expect([...required].filter((name) => !known.has(name))).toEqual([]);
  });

  it('brings a server that helps with what it says', async () => {
    const program = join(extension, 'server/sluice.js');
    const server = await startLanguageServer(process.execPath, [program, 'lsp', '--stdio'], folder.path);
    try {
      const path = join(folder.path, 'a.sluice.jsonc');
      expect(await server.completionsAt(path, '{ "inbounds": [{ "protocol": "|" }] }')).toContain('mtproto');
      const text = '{ "inbounds": [{ "protocol": "mtproto", "settings": { | } }] }';
      expect(await server.completionsAt(path, text)).toContain('users');
      // A file that the command gave the language, whatever it is called.
      const uri = server.open(join(folder.path, 'named-otherwise'), 'inbounds:\n  - protocol: socks\n', 'sluice-yaml');
      const symbols = (await server.request('textDocument/documentSymbol', { textDocument: { uri } })) as {
        name: string;
      }[];
      expect(symbols.map(({ name }) => name)).toEqual(['inbounds']);
      const wrong = server.open(join(folder.path, 'b.sluice.jsonc'), '{ "outbounds": [{ "protocol": "fredom" }] }');
      expect((await server.problems(wrong)).map(({ message }) => message).join()).toContain('"freedom"');
    } finally {
      await server.close();
    }
  });
});
