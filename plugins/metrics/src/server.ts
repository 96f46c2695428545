import { createHash, timingSafeEqual } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errnoOf, SluiceError, toSluiceError, type Logger } from '@sluice/plugin-api';
import type { Exporter } from './exporter.js';
import type { ListenAddress } from './listen-address.js';

const LIMITS = {
  connections: 64,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 10_000,
  keepAliveMs: 120_000,
  /** For an answer in which nothing moves. */
  stalledMs: 30_000,
  graceMs: 1000,
};

export interface ServerParts {
  readonly exporter: Exporter;
  readonly path: string;
  readonly secret: string | undefined;
  readonly logger: Logger;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Where Prometheus asks: on a port of its own, on connections that routing has led here, or on both. */
export class MetricsServer {
  readonly #parts: ServerParts;
  readonly #secret: Buffer | undefined;
  readonly #server: http.Server;
  readonly #routed = new Set<Duplex>();
  #isLoopback = false;
  #isClosed = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    const { secret = '' } = parts;
    this.#secret = secret === '' ? undefined : digest(secret);
    this.#server = http.createServer(
      {
        maxHeaderSize: LIMITS.headerBytes,
        headersTimeout: LIMITS.headersMs,
        requestTimeout: LIMITS.requestMs,
        keepAliveTimeout: LIMITS.keepAliveMs,
        connectionsCheckingInterval: 5000,
      },
      (request, response) => {
        // What has come by routing is the relay's to end.
        if (!this.#routed.has(request.socket)) response.setTimeout(LIMITS.stalledMs, () => response.destroy());
        void this.#answer(request, response);
      },
    );
    this.#server.maxConnections = LIMITS.connections;
  }

  /** The port, once it listens. @throws SluiceError E_LISTEN_* */
  async listen({ host, port, isLoopback }: ListenAddress): Promise<number> {
    this.#isLoopback = isLoopback;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        const errno = errnoOf(error);
        const code =
          errno === 'EADDRINUSE' ? 'E_LISTEN_IN_USE' : errno === 'EACCES' ? 'E_LISTEN_DENIED' : 'E_LISTEN_FAILED';
        const message = `the metrics cannot be served on ${host ?? ''}:${port} (${errno ?? error.message})`;
        reject(new SluiceError(code, message, { cause: error }));
      });
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
    });
    this.#server.on('error', (error) => this.#parts.logger.warn(`the listener failed: ${error.message}`));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Serves a connection that came by routing. @throws SluiceError E_CLOSING, E_ACCEPT_LIMIT */
  serve(stream: Duplex): void {
    stream.on('error', () => undefined);
    if (this.#isClosed || this.#routed.size >= LIMITS.connections) {
      stream.destroy();
      return;
    }
    this.#routed.add(stream);
    stream.once('close', () => this.#routed.delete(stream));
    this.#server.emit('connection', stream);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#routed) stream.destroy();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const patience = setTimeout(() => this.#server.closeAllConnections(), LIMITS.graceMs);
    await closed;
    clearTimeout(patience);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { exporter, path, logger } = this.#parts;
    const [asked = ''] = (request.url ?? '').split('?', 1);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // Nobody who wants metrics sends one: it is not waited for, however long it is.
    if (hasBody(request)) response.setHeader('Connection', 'close');
    if (!this.#isOwnHost(request)) {
      refuse(response, 403, 'Host not allowed');
      return;
    }
    if (!this.#isAuthorized(request)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      refuse(response, 401, 'Unauthorized');
      return;
    }
    if (asked !== path) {
      refuse(response, 404, 'Not found');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'Method not allowed');
      return;
    }
    try {
      const body = Buffer.from(await exporter.text());
      response.writeHead(200, {
        'Content-Type': exporter.contentType,
        'Content-Length': body.length,
        'Cache-Control': 'no-store',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch (error) {
      logger.warn(`the metrics could not be collected: ${toSluiceError(error).message}`);
      refuse(response, 500, 'The metrics could not be collected');
    }
  }

  #isAuthorized(request: IncomingMessage): boolean {
    if (this.#secret === undefined) return true;
    const offered = /^Bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1];
    return offered !== undefined && timingSafeEqual(digest(offered), this.#secret);
  }

  /** A name that leads to loopback today (DNS rebinding) is not ours, or any web page could read here. */
  #isOwnHost(request: IncomingMessage): boolean {
    if (!this.#isLoopback || this.#routed.has(request.socket)) return true;
    const host = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d+)?$/i.exec(request.headers.host ?? '');
    const name = (host?.[1] ?? host?.[2] ?? '').toLowerCase();
    return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
