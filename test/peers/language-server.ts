import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** As much of the protocol's as tests look at. */
export interface ToldProblem {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly character: number;
}

export interface LanguageServer {
  /** Opens a document that is not on the disk. @returns its URI */
  open(path: string, text: string, languageId?: string): string;
  /** Asks, and gives the result. @throws with what the server says instead */
  request(method: string, params: object): Promise<unknown>;
  /** What it has said last of a document, once it has said something. */
  problems(uri: string): Promise<readonly ToldProblem[]>;
  /** What completion offers at `|` in a text: labels. */
  completionsAt(path: string, textWithCursor: string, languageId?: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Milliseconds for one answer. */
const LIMIT = 20_000;

/** A client of the language server protocol (JSON-RPC over the standard streams) for a server that is started for it. */
export async function startLanguageServer(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<LanguageServer> {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const waiting = new Map<number, (message: Message) => void>();
  let received = Buffer.alloc(0);
  let nextId = 1;
  let version = 1;

  const send = (message: object): void => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    child.stdin.write(body);
  };
  const told = new Map<string, readonly ToldProblem[]>();
  const listeners = new Set<() => void>();
  const take = (message: Message): void => {
    if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as { uri: string; diagnostics: readonly ToldProblem[] };
      told.set(uri, diagnostics);
      for (const listener of listeners) listener();
    }
    if (message.method === undefined) waiting.get(message.id ?? 0)?.(message);
    // What it asks of the editor (its settings, say) has no answer here.
    else if (message.id !== undefined) send({ id: message.id, result: null });
  };
  child.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const head = /^[\s\S]*?Content-Length: (\d+)[\s\S]*?\r\n\r\n/i.exec(received.toString('latin1'));
      if (head === null) return;
      const end = head[0].length + Number(head[1]);
      if (received.length < end) return;
      const body = received.subarray(head[0].length, end).toString();
      received = received.subarray(end);
      take(JSON.parse(body) as Message);
    }
  });
  const request = async (method: string, params: object): Promise<unknown> => {
    const id = nextId;
    nextId += 1;
    const answer = await new Promise<Message>((resolve) => {
      const late = (why: string): void => resolve({ error: { message: `${method}: ${why}\n${errors}` } });
      const timer = setTimeout(late, LIMIT, 'no answer in time');
      child.once('close', () => late('the server has ended'));
      waiting.set(id, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      send({ id, method, params });
    });
    waiting.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error.message);
    return answer.result;
  };

  const open = (path: string, text: string, languageId = 'jsonc'): string => {
    const uri = pathToFileURL(path).href;
    version += 1;
    send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId, version, text } } });
    return uri;
  };
  const server: LanguageServer = {
    open,
    request,
    async problems(uri) {
      const known = told.get(uri);
      if (known !== undefined) return known;
      return new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          settle();
        };
        const look = (): void => {
          const found = told.get(uri);
          if (found !== undefined) end(() => resolve(found));
        };
        const timer = setTimeout(() => end(() => reject(new Error(`nothing is said of ${uri}\n${errors}`))), LIMIT);
        listeners.add(look);
      });
    },
    async completionsAt(path, textWithCursor, languageId) {
      const at = textWithCursor.indexOf('|');
      const before = textWithCursor.slice(0, at).split('\n');
      const uri = open(path, textWithCursor.slice(0, at) + textWithCursor.slice(at + 1), languageId);
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
      const result = await request('textDocument/completion', { textDocument: { uri }, position });
      send({ method: 'textDocument/didClose', params: { textDocument: { uri } } });
      const items = Array.isArray(result) ? result : (result as { items: unknown[] }).items;
      return (items as { label: string }[]).map(({ label }) => label);
    },
    async close() {
      const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await closed;
      clearTimeout(impatience);
    },
  };
  const root = pathToFileURL(cwd).href;
  const capabilities = { textDocument: { completion: { completionItem: { snippetSupport: false } } } };
  const workspaceFolders = [{ uri: root, name: 'project' }];
  await request('initialize', { processId: process.pid, rootUri: root, workspaceFolders, capabilities }).catch(
    async (error: unknown) => {
      await server.close();
      throw error;
    },
  );
  send({ method: 'initialized', params: {} });
  return server;
}
