import { once } from 'node:events';
import http2, { type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Code, ConnectError } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { errnoOf, formatHostPort, SluiceError, type Logger } from '@sluice/plugin-api';
import type { ListenAddress } from '../listen-address.js';
import { Http2Sessions } from './http2-sessions.js';
import { register } from './routes.js';
import type { ServedService } from './served-service.js';

const MAX_CONNECTIONS = 64;
/** Calls at once on one connection. */
const MAX_STREAMS = 64;
/** What other gRPC servers take by default. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const MAX_HEADER_PAIRS = 64;
/** An HTTP/2 connection's buffers, in MB. */
const MAX_SESSION_MEMORY = 16;

/** gRPC over cleartext HTTP/2 with prior knowledge: on an address, and on connections that are handed in. */
export class GrpcServer {
  readonly #http: Http2Server;
  readonly #sessions = new Http2Sessions(MAX_CONNECTIONS);
  readonly #shutdown = new AbortController();
  #isClosed = false;

  constructor(services: readonly ServedService[], logger: Logger) {
    const handler = connectNodeAdapter({
      connect: false,
      grpcWeb: false,
      readMaxBytes: MAX_MESSAGE_BYTES,
      shutdownSignal: this.#shutdown.signal,
      fallback: (request, response) =>
        refuse(request as unknown as Http2ServerRequest, response as unknown as Http2ServerResponse),
      routes: (router) =>
        register(router, services, (method, error) => {
          logger.error(`${method} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        }),
    });
    this.#http = http2.createServer(
      {
        maxSessionMemory: MAX_SESSION_MEMORY,
        maxHeaderListPairs: MAX_HEADER_PAIRS,
        settings: { maxConcurrentStreams: MAX_STREAMS, enablePush: false },
      },
      handler,
    );
    this.#http.on('session', (session) => this.#sessions.add(session));
    this.#http.on('sessionError', (error: Error) => logger.debug(`a client's connection failed: ${error.message}`));
  }

  /** Takes a connection over. @throws SluiceError E_CLOSING */
  serve(stream: Duplex): void {
    if (this.#isClosed) throw new SluiceError('E_CLOSING', 'the API is closed');
    // Without a listener an error would end the process; the session sees the stream close.
    stream.on('error', () => undefined);
    this.#http.emit('connection', stream);
  }

  /** @returns the port @throws SluiceError E_LISTEN_* */
  async listen({ host, port }: ListenAddress): Promise<number> {
    const server = this.#http;
    try {
      server.listen({ host, port });
      await once(server, 'listening');
    } catch (error) {
      throw listenError(error, formatHostPort(host, port));
    }
    server.on('error', () => undefined);
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#shutdown.abort(new ConnectError('the instance is shutting down', Code.Unavailable));
    const stopped = this.#http.listening
      ? new Promise<void>((resolve) => this.#http.close(() => resolve()))
      : Promise.resolve();
    await this.#sessions.close();
    await stopped;
  }
}

/** A call of what is not there. Clients would understand HTTP's 404, too, but not say what is wrong. */
function refuse(request: Http2ServerRequest, response: Http2ServerResponse): void {
  request.resume();
  if (!(request.headers['content-type'] ?? '').startsWith('application/grpc')) {
    response.writeHead(415).end();
    return;
  }
  response.stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': Code.Unimplemented,
      'grpc-message': 'no such method; "services" of the api says which services there are',
    },
    { endStream: true },
  );
}

function listenError(error: unknown, address: string): SluiceError {
  const errno = errnoOf(error);
  if (errno === 'EADDRINUSE') {
    return new SluiceError('E_LISTEN_IN_USE', `something else listens on ${address}`, { cause: error });
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new SluiceError('E_LISTEN_DENIED', `this process may not listen on ${address}`, { cause: error });
  }
  return new SluiceError('E_LISTEN_FAILED', `cannot listen on ${address}: ${errno ?? String(error)}`, { cause: error });
}
