import { stdin, stdout } from 'node:process';
import { createConnection } from 'vscode-languageserver/node';
import { LanguageServer, type ServerOptions } from './server.js';

/** Serves the editor at the standard input and output. The process ends with it. */
export function serveStdio(options: ServerOptions): void {
  new LanguageServer(createConnection(stdin, stdout), options).listen();
}
