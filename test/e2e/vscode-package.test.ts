import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { startLanguageServer } from '../peers/language-server.js';
import { runProcess } from '../peers/process.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

const standIn = fileURLToPath(new URL('../peers/vscode-stand-in.cjs', import.meta.url));
const session = fileURLToPath(new URL('vscode-session.cjs', import.meta.url));
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

  it('starts in an editor, tells what is wrong, and does what its commands say', async () => {
    const modules = join(folder.path, 'modules');
    const written = join(folder.path, 'written files');
    const vscode = join(modules, 'vscode/index.js');
    for (const each of [dirname(vscode), written]) await mkdir(each, { recursive: true });
    await copyFile(standIn, vscode);
    const env = { ...process.env, NODE_PATH: modules };
    const { stdout, ...ended } = await runProcess(process.execPath, [session, extension, written, vscode], { env });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const result = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    const declared = manifest.contributes.commands.map(({ command }) => command);
    expect((result['commands'] as string[]).sort()).toEqual(declared.sort());
    const said = (name: string): { messages: string[]; output: string } =>
      result[name] as { messages: string[]; output: string };
    const found = ['C_UNKNOWN_PROTOCOL', 30];
    expect(result).toMatchObject({ diagnostics: [found], again: [found], language: 'sluice-yaml', left: [] });
    expect(result['secrets']).toMatch(/^\{ "a": "[0-9a-f]{32}", "b": "[0-9a-f]{32}"\}$/);
    expect(result['uuid']).toMatch(/^id: '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'$/);
    expect(said('bad').messages.join()).toContain('cannot be run');
    expect(said('bad').output).toMatch(/C_UNKNOWN_PROTOCOL[\s\S]*refused \(1 error/);
    expect(said('good').messages.join()).toContain('can be run');
    expect(said('good').output).toContain(': OK');
    for (const name of ['noFile', 'none']) expect(said(name).messages.join()).toContain('open a configuration');
    expect(said('untrusted').messages.join()).toContain('Trust the workspace');
    expect(said('noProgram').output).toContain('ENOENT');
  });
});
