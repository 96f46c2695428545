export { LanguageServer, type ServerOptions } from './server.js';
export { serveStdio } from './stdio.js';
