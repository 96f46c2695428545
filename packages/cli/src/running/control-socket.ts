import { once } from 'node:events';
import { chmod, lstat, unlink } from 'node:fs/promises';
import net from 'node:net';
import { SluiceError, toSluiceError, type ReloadReport } from '@sluice/plugin-api';

/** What can be asked of a running core, one JSON line a connection. */
export interface ControlRequest {
  readonly command: 'reload';
}

export type ControlReply =
  | { readonly ok: true; readonly report: ReloadReport }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Where `run` listens and `reload` asks if no option says otherwise. */
export const defaultControlPath = process.env['SLUICE_CONTROL'];

const MAX_REQUEST_BYTES = 4096;
const MAX_REPLY_BYTES = 1024 * 1024;
const REQUEST_MS = 5000;
const REPLY_MS = 120_000;
const MAX_CLIENTS = 8;

/**
 * Listens on a Unix socket that only this user may open.
 * @returns closes it
 * @throws SluiceError E_LISTEN_IN_USE, E_LISTEN_FAILED
 */
export async function openControlSocket(
  path: string,
  answer: (request: ControlRequest) => Promise<ReloadReport>,
): Promise<() => Promise<void>> {
  const clients = new Set<net.Socket>();
  // Who has asked may end its direction before the answer.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    socket.on('error', () => undefined);
    void serve(socket, answer);
  });
  server.maxConnections = MAX_CLIENTS;
  await listen(server, path);
  server.on('error', () => undefined);
  return async () => {
    for (const socket of clients) socket.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
}

/** Asks a running core. @throws SluiceError E_DIAL_FAILED, E_CONN_CLOSED, or what the core says */
export async function askControlSocket(path: string, request: ControlRequest): Promise<ReloadReport> {
  const socket = net.connect(path);
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(REQUEST_MS) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SluiceError('E_DIAL_FAILED', `no core answers at ${path}: ${why}`, { cause: error });
  }
  socket.write(`${JSON.stringify(request)}\n`);
  const line = await readLine(socket, MAX_REPLY_BYTES, REPLY_MS);
  socket.destroy();
  const reply = JSON.parse(line) as ControlReply;
  if (reply.ok) return reply.report;
  throw new SluiceError(reply.code as `E_${string}`, reply.message);
}

async function serve(socket: net.Socket, answer: (request: ControlRequest) => Promise<ReloadReport>): Promise<void> {
  let reply: ControlReply;
  try {
    const request = parse(await readLine(socket, MAX_REQUEST_BYTES, REQUEST_MS));
    reply = { ok: true, report: await answer(request) };
  } catch (error) {
    const { code, message } = toSluiceError(error);
    reply = { ok: false, code, message };
  }
  if (!socket.destroyed) socket.end(`${JSON.stringify(reply)}\n`);
}

function parse(line: string): ControlRequest {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    // Told apart below.
  }
  if (typeof request === 'object' && request !== null && 'command' in request && request.command === 'reload')
    return { command: 'reload' };
  throw new SluiceError('E_UNSUPPORTED', 'what can be asked for is {"command":"reload"}');
}

/** @throws SluiceError E_CONN_CLOSED, E_HANDSHAKE_LIMIT, E_HANDSHAKE_TIMEOUT */
function readLine(socket: net.Socket, maxBytes: number, ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (error: SluiceError): void => {
      clearTimeout(timer);
      reject(error);
      socket.destroy();
    };
    const timer = setTimeout(() => fail(new SluiceError('E_HANDSHAKE_TIMEOUT', 'no answer came in time')), ms);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) {
        clearTimeout(timer);
        resolve(text.slice(0, end));
      } else if (text.length > maxBytes)
        fail(new SluiceError('E_HANDSHAKE_LIMIT', `a line of more than ${maxBytes} bytes`));
    });
    socket.on('close', () => fail(new SluiceError('E_CONN_CLOSED', 'the connection was closed before the answer')));
  });
}

async function listen(server: net.Server, path: string): Promise<void> {
  try {
    await listenOnce(server, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw listenError(error);
    if (!(await isSocket(path))) throw new SluiceError('E_LISTEN_FAILED', `${path} is not a socket`, { cause: error });
    if (!(await isDead(path)))
      throw new SluiceError('E_LISTEN_IN_USE', `another core listens on the control socket ${path}`);
    // Left behind by a core that was killed.
    await unlink(path).catch(() => undefined);
    await listenOnce(server, path).catch((again: unknown) => {
      throw listenError(again);
    });
  }
}

async function listenOnce(server: net.Server, path: string): Promise<void> {
  // Nobody else may open it, not even before the mode is set.
  const mask = process.umask(0o177);
  try {
    server.listen(path);
    await once(server, 'listening');
  } finally {
    process.umask(mask);
  }
  await chmod(path, 0o600).catch(() => undefined);
}

async function isSocket(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  // Gone meanwhile is as good.
  return found?.isSocket() ?? true;
}

/** Whether nobody listens there any more. One who is merely too busy to answer is not dead. */
async function isDead(path: string): Promise<boolean> {
  const socket = net.connect(path);
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
  } finally {
    socket.destroy();
  }
}

function listenError(error: unknown): SluiceError {
  const why = error instanceof Error ? error.message : String(error);
  return new SluiceError('E_LISTEN_FAILED', `the control socket cannot be listened on: ${why}`, { cause: error });
}
