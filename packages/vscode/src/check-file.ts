import { fork, spawn, type ChildProcess } from 'node:child_process';
import { env } from 'node:process';
import { window, workspace, type OutputChannel } from 'vscode';

/** For one check, in ms. */
const LIMIT = 60_000;

/** Where a `sluice` is: a program, or the module that is bundled with the extension. */
export interface SluiceProgram {
  readonly command?: string;
  readonly module: string;
}

/**
 * Runs `sluice check` on the file in front, and shows what it says. Other than the server it loads the plugins that
 * the file names, which runs their code.
 */
export async function checkFile({ command, module }: SluiceProgram, output: OutputChannel): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document?.uri.scheme !== 'file') {
    void window.showInformationMessage('Sluice: open a configuration that is a file first.');
    return;
  }
  if (!workspace.isTrusted) {
    void window.showWarningMessage('Sluice: a check runs the plugins that a file names. Trust the workspace first.');
    return;
  }
  if (document.isDirty && !(await document.save())) return;
  const args = ['check', document.uri.fsPath];
  output.clear();
  const child =
    command === undefined
      ? fork(module, args, { silent: true, execArgv: [], env: { ...env, ELECTRON_RUN_AS_NODE: '1' } })
      : spawn(command, args, { windowsHide: true });
  const isFine = await reported(child, output);
  output.show(true);
  if (isFine) void window.showInformationMessage('Sluice: the file can be run.');
  else void window.showErrorMessage('Sluice: the file cannot be run. The output says why.');
}

function reported(child: ChildProcess, output: OutputChannel): Promise<boolean> {
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => output.append(text));
  const limit = setTimeout(() => child.kill(), LIMIT);
  return new Promise<boolean>((resolve) => {
    child.once('error', ({ message }) => {
      output.appendLine(message);
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  }).finally(() => clearTimeout(limit));
}
