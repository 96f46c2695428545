import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errnoOf, SluiceError, type Logger } from '@sluice/plugin-api';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Access } from './access/access.js';
import type { ControllerAddress } from './access/controller-address.js';
import { failure } from './http/failure.js';
import { HttpRefusal, refuseUpgrade, sendMessage } from './http/reply.js';
import type { Routes } from './http/routes.js';
import { ChunkedClient, WebSocketClient } from './streams/stream-client.js';
import { Streams, type Feed } from './streams/streams.js';
import type { StaticFiles } from './ui/static-files.js';

const LIMITS = {
  connections: 512,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 15_000,
  /** For an answer in which nothing moves: a delay test takes half of it. */
  stalledMs: 60_000,
  /** Clients have nothing to say on a WebSocket. */
  messageBytes: 1024,
  heartbeatMs: 30_000,
  /** For answers that are being given while the service closes. */
  graceMs: 1000,
};

export interface ServerParts {
  readonly access: Access;
  readonly routes: Routes;
  /** Streams by path; with a check of their query. */
  readonly feeds: ReadonlyMap<string, { readonly feed: Feed; readonly check?: (query: URLSearchParams) => unknown }>;
  /** Paths that answer a plain GET with one value, although there is a stream of them. */
  readonly oneShot: ReadonlySet<string>;
  readonly files: StaticFiles | undefined;
  readonly logger: Logger;
  /** Aborted by the server when it is about to close. */
  readonly closing: AbortController;
  /** Default 60,000. */
  readonly stalledMs?: number;
}

/** The HTTP and WebSocket side of the service. */
export class ApiServer {
  readonly #parts: ServerParts;
  readonly #server: http.Server;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LIMITS.messageBytes,
    clientTracking: true,
  });
  readonly #streams = new Streams();
  readonly #alive = new WeakSet<WebSocket>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#server = http.createServer(
      {
        maxHeaderSize: LIMITS.headerBytes,
        headersTimeout: LIMITS.headersMs,
        requestTimeout: LIMITS.requestMs,
        keepAliveTimeout: LIMITS.keepAliveMs,
        connectionsCheckingInterval: 5000,
      },
      (request, response) => {
        response.once('finish', () => this.#hurry());
        response.setTimeout(parts.stalledMs ?? LIMITS.stalledMs, () => response.destroy());
        void this.#answer(request, response);
      },
    );
    this.#server.maxConnections = LIMITS.connections;
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    // Without this Node would take a tunnel's socket for handled.
    this.#server.on('connect', (_request, socket: Duplex) => socket.destroy());
  }

  /** The port, once it listens. @throws SluiceError E_LISTEN_* */
  async listen(address: ControllerAddress): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, address)));
      this.#server.listen(
        { port: address.port, ...(address.host === undefined ? {} : { host: address.host }) },
        resolve,
      );
    });
    this.#server.on('error', (error) => this.#parts.logger.warn(`the listener failed: ${error.message}`));
    this.#heartbeat = setInterval(() => this.#beat(), LIMITS.heartbeatMs);
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#parts.closing.abort();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#streams.close();
    this.#server.closeIdleConnections();
    const patience = setTimeout(() => {
      for (const socket of this.#webSockets.clients) socket.terminate();
      this.#server.closeAllConnections();
    }, LIMITS.graceMs);
    await closed;
    clearTimeout(patience);
    for (const socket of this.#webSockets.clients) socket.terminate();
  }

  /** While closing, a connection that has had its last answer is not kept for others. */
  #hurry(): void {
    if (this.#parts.closing.signal.aborted) setImmediate(() => this.#server.closeIdleConnections());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#dispatch(request, response);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const { status, message } = failure(error);
      if (status === 500) this.#parts.logger.warn(`a request failed: ${message}`);
      // What is left of the body is not waited for.
      if (!request.complete) response.setHeader('Connection', 'close');
      if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
      sendMessage(response, status, message);
    }
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { access, routes, feeds, oneShot, files, closing } = this.#parts;
    const url = requestUrl(request);
    const origin = access.corsOrigin(request);
    response.setHeader('Vary', 'Origin');
    if (origin !== undefined) response.setHeader('Access-Control-Allow-Origin', origin);
    refuse(access.refuseSender(request));
    const method = request.method ?? 'GET';
    if (method === 'OPTIONS') {
      preflight(request, response);
      return;
    }
    const { pathname: path } = url;
    if (files !== undefined) {
      if (path === '/ui') {
        response.writeHead(301, { Location: '/ui/', 'Content-Length': 0 }).end();
        return;
      }
      if (path.startsWith('/ui/')) {
        await files.serve(request, response, path.slice('/ui/'.length));
        return;
      }
      if (path === '/' && method === 'GET' && (request.headers.accept ?? '').includes('text/html')) {
        response.writeHead(307, { Location: '/ui/', 'Content-Length': 0, 'Cache-Control': 'no-store' }).end();
        return;
      }
    }
    refuse(access.refuseSecret(request, null));
    const stream = method === 'GET' && !oneShot.has(path) ? feeds.get(path) : undefined;
    if (stream !== undefined) {
      stream.check?.(url.searchParams);
      if (this.#streams.isFull) throw new HttpRefusal(503, 'Too many streams are open');
      this.#streams.start(new ChunkedClient(response), stream.feed, url.searchParams);
      return;
    }
    const { endpoint, name } = routes.find(method, path);
    await endpoint({ request, response, query: url.searchParams, name, closing: closing.signal });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const { access, feeds } = this.#parts;
      const url = requestUrl(request);
      refuse(access.refuseSender(request));
      // Browsers cannot set a header here.
      refuse(access.refuseSecret(request, url.searchParams.get('token')));
      const stream = feeds.get(url.pathname);
      if (stream === undefined) throw new HttpRefusal(404, 'Resource not found');
      stream.check?.(url.searchParams);
      if (this.#streams.isFull) throw new HttpRefusal(503, 'Too many streams are open');
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#alive.add(webSocket);
        webSocket.on('pong', () => this.#alive.add(webSocket));
        webSocket.on('error', () => webSocket.terminate());
        this.#streams.start(new WebSocketClient(webSocket), stream.feed, url.searchParams);
      });
    } catch (error) {
      const { status, message } = failure(error);
      refuseUpgrade(socket, status, message);
    }
  }

  /** Finds clients that are gone without a word. */
  #beat(): void {
    for (const socket of this.#webSockets.clients) {
      if (!this.#alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }
}

function requestUrl(request: IncomingMessage): URL {
  const text = request.url ?? '/';
  // Only a path: what looks like "//host/path" must not become another host's.
  if (!text.startsWith('/') || !URL.canParse(`http://localhost${text}`)) throw new HttpRefusal(400, 'Path invalid');
  return new URL(`http://localhost${text}`);
}

function refuse(refusal: { readonly status: number; readonly message: string } | undefined): void {
  if (refusal !== undefined) throw new HttpRefusal(refusal.status, refusal.message);
}

function preflight(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
    'Access-Control-Allow-Headers': 'Content-Type, Authorization',
    'Access-Control-Max-Age': 300,
    // A public page asks a browser for leave to reach this machine; its origin was let in above.
    ...(request.headers['access-control-request-private-network'] === 'true'
      ? { 'Access-Control-Allow-Private-Network': 'true' }
      : {}),
  });
  response.end();
}

function listenError(error: Error, { host = '', port }: ControllerAddress): SluiceError {
  const errno = errnoOf(error);
  const code = errno === 'EADDRINUSE' ? 'E_LISTEN_IN_USE' : errno === 'EACCES' ? 'E_LISTEN_DENIED' : 'E_LISTEN_FAILED';
  return new SluiceError(code, `the Clash API cannot listen on ${host}:${port} (${errno ?? error.message})`, {
    cause: error,
  });
}
