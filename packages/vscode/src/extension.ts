import { commands, languages, window, workspace, type ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind, type ServerOptions } from 'vscode-languageclient/node';
import { checkFile, type SluiceProgram } from './check-file.js';
import { generate } from './generate.js';

const LANGUAGES = ['sluice-jsonc', 'sluice-yaml'];

let client: LanguageClient | undefined;

/** What is bundled with the extension, and the program that the settings name instead. */
function program(context: ExtensionContext): SluiceProgram {
  const command = workspace.getConfiguration('sluice').get<string>('path', '').trim();
  const module = context.asAbsolutePath('server/sluice.js');
  return command === '' ? { module } : { command, module };
}

function server(context: ExtensionContext): ServerOptions {
  const { command, module } = program(context);
  if (command !== undefined) return { command, args: ['lsp', '--stdio'], transport: TransportKind.stdio };
  return { module, args: ['lsp'], transport: TransportKind.stdio };
}

async function start(context: ExtensionContext): Promise<void> {
  await client?.dispose();
  client = new LanguageClient('sluice', 'Sluice', server(context), {
    documentSelector: LANGUAGES.map((language) => ({ language })),
  });
  await client.start();
}

/** Has Sluice help with the file in front, whatever its name. */
async function useForFile(): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document === undefined) {
    void window.showInformationMessage('Sluice: open the configuration first.');
    return;
  }
  const isYaml = /yaml/i.test(document.languageId) || /\.ya?ml$/i.test(document.fileName);
  await languages.setTextDocumentLanguage(document, isYaml ? 'sluice-yaml' : 'sluice-jsonc');
}

export async function activate(context: ExtensionContext): Promise<void> {
  const output = window.createOutputChannel('Sluice: Check');
  context.subscriptions.push(
    output,
    commands.registerCommand('sluice.checkFile', () => checkFile(program(context), output)),
    commands.registerCommand('sluice.generateSecret', () => generate('secret')),
    commands.registerCommand('sluice.generateUuid', () => generate('UUID')),
    commands.registerCommand('sluice.useForFile', useForFile),
    commands.registerCommand('sluice.restart', () => start(context)),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('sluice.path')) void start(context);
    }),
  );
  await start(context);
}

export function deactivate(): Promise<void> | undefined {
  return client?.dispose();
}
