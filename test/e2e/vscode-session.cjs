'use strict';
/**
 * Runs the packed extension as an editor would, on the stand-in for VS Code's API, and prints what came of it.
 * Arguments: the unpacked extension, a folder to write files in, and the stand-in, which NODE_PATH must lead to.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const [extension, folder, standIn] = process.argv.slice(2);
const vscode = require(standIn);
const { seen, events, namespaces } = vscode;
const { window, workspace } = namespaces;
const { activate, deactivate } = require(join(extension, 'bundle/extension.js'));

const diagnosticsOf = async ({ uri }) => {
  while (!seen.diagnostics.has(uri.toString())) await new Promise((resolve) => events('told').event(resolve));
  return seen.diagnostics.get(uri.toString()).map(({ code, range }) => [code, range.start.character]);
};
const documentOf = (path, text, languageId) => ({
  uri: path.includes(':') ? vscode.Uri.parse(path) : vscode.Uri.file(path),
  fileName: path,
  languageId,
  version: 1,
  isDirty: false,
  isClosed: false,
  lineCount: text.split('\n').length,
  getText: (range) => (range === undefined ? text : text.slice(range.start.character, range.end.character)),
});
/** An editor with one line of text, and the cursors in it. @returns the text after what is done */
const edited = async (text, places, command) => {
  const edits = [];
  const selections = places.map((at) => new vscode.Range(0, at, 0, at));
  window.activeTextEditor = {
    document: documentOf('untitled:a', text, 'sluice-jsonc'),
    selections,
    edit: async (make) => make({ replace: ({ start }, made) => edits.push([start.character, made]) }),
  };
  await seen.commands.get(command)();
  let result = text;
  for (const [at, made] of edits.reverse()) result = result.slice(0, at) + made + result.slice(at);
  return result;
};
const check = async (document) => {
  window.activeTextEditor = document && { document };
  seen.messages.length = 0;
  await seen.commands.get('sluice.checkFile')();
  return { messages: [...seen.messages], output: seen.output };
};

async function main() {
  const context = { subscriptions: [], extensionPath: extension, asAbsolutePath: (path) => join(extension, path) };
  const bad = join(folder, 'bad.sluice.jsonc');
  const good = join(folder, 'good.sluice.jsonc');
  writeFileSync(bad, '{ "outbounds": [{ "protocol": "fredom" }] }');
  writeFileSync(good, '{ "outbounds": [{ "protocol": "freedom" }] }');
  const [wrong, right] = [bad, good].map((path) => documentOf(path, readFileSync(path, 'utf8'), 'sluice-jsonc'));
  workspace.textDocuments.push(wrong);
  await activate(context);
  const result = { commands: [...seen.commands.keys()], diagnostics: await diagnosticsOf(wrong) };

  result.secrets = await edited('{ "a": "", "b": }', [8, 16], 'sluice.generateSecret');
  result.uuid = await edited("id: ''", [5], 'sluice.generateUuid');

  result.bad = await check(wrong);
  result.good = await check(right);
  result.noFile = await check(documentOf('untitled:a', '', 'sluice-jsonc'));
  result.none = await check(undefined);
  workspace.isTrusted = false;
  result.untrusted = await check(right);
  workspace.isTrusted = true;
  workspace.settings['sluice.path'] = join(folder, 'no such program');
  result.noProgram = await check(right);
  delete workspace.settings['sluice.path'];

  const other = documentOf(join(folder, 'config.yml'), 'log: {}\n', 'yaml');
  workspace.textDocuments.push(other);
  window.activeTextEditor = { document: other };
  await seen.commands.get('sluice.useForFile')();
  result.language = other.languageId;

  seen.diagnostics.clear();
  await seen.commands.get('sluice.restart')();
  result.again = await diagnosticsOf(wrong);

  await deactivate();
  for (const each of context.subscriptions) each.dispose();
  result.left = [...seen.commands.keys()];
  process.stdout.write(JSON.stringify(result));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${seen.output}\n`);
  process.exit(1);
});
