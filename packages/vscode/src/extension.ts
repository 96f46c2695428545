import { commands, languages, window, workspace, type ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind, type ServerOptions } from 'vscode-languageclient/node';

const LANGUAGES = ['sluice-jsonc', 'sluice-yaml'];

let client: LanguageClient | undefined;

/** The server that is bundled with the extension, or the program that the settings name. */
function server(context: ExtensionContext): ServerOptions {
  const path = workspace.getConfiguration('sluice').get<string>('path', '').trim();
  const args = ['lsp', '--stdio'];
  if (path !== '') return { command: path, args, transport: TransportKind.stdio };
  const module = context.asAbsolutePath('server/sluice.js');
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
  context.subscriptions.push(
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
