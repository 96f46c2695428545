import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { errnoOf, SluiceError, type DnsServer } from '@sluice/plugin-api';
import { withId } from '../wire/build.js';
import { collected, readBody } from './http-answer.js';
import { SharedConnect } from './shared-connect.js';

const IDLE_MS = 30_000;
const TYPE = 'application/dns-message';
/** Connections to a server that speaks HTTP/1.1: each carries one question at a time. */
const MAX_HTTP1 = 4;

export type TlsStream = Duplex & { readonly alpnProtocol: string | false | null };

/** A connection with TLS on it. */
export type OpenTls = (signal: AbortSignal) => Promise<TlsStream>;

/** Sends a body by POST. @throws SluiceError E_DNS_FAILED */
interface Carrier {
  readonly isOver: boolean;
  post(body: Buffer, signal: AbortSignal): Promise<Buffer>;
  close(): void;
}

/** DNS over HTTPS (RFC 8484) by POST, over HTTP/2 or HTTP/1.1, on connections that are kept. */
export class HttpsServer implements DnsServer {
  readonly #carriers: SharedConnect<Carrier>;

  /** @param open connects anew, TLS included */
  constructor({ host, pathname, search }: URL, open: OpenTls) {
    const path = `${pathname === '/' || pathname === '' ? '/dns-query' : pathname}${search}`;
    this.#carriers = new SharedConnect(async (signal) => {
      const stream = await open(signal);
      return stream.alpnProtocol === 'h2'
        ? new Http2Carrier(stream, host, path)
        : new Http1Carrier(stream, host, path, open);
    });
  }

  async exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    // The same question is the same request everywhere, whatever its id was (RFC 8484, 4.1).
    const body = withId(query, 0);
    const answer = await this.#carriers.use(signal, (carrier) => carrier.post(body, signal));
    return withId(answer, query.readUInt16BE(0));
  }

  close(): void {
    this.#carriers.close();
  }
}

class Http2Carrier implements Carrier {
  readonly #session: http2.ClientHttp2Session;
  readonly #host: string;
  readonly #path: string;
  #isOver = false;

  constructor(stream: TlsStream, host: string, path: string) {
    this.#host = host;
    this.#path = path;
    this.#session = http2.connect(`https://${host}`, {
      createConnection: () => stream,
      settings: { enablePush: false },
      maxSessionMemory: 1,
    });
    const over = (): void => void (this.#isOver = true);
    this.#session.on('error', over).on('close', over).on('goaway', over);
    // A session over a stream that is no socket may miss that the stream is gone.
    stream.once('close', () => this.#session.destroy());
    this.#session.setTimeout(IDLE_MS, () => this.#session.close());
    this.#session.unref();
  }

  get isOver(): boolean {
    return this.#isOver || this.#session.closed || this.#session.destroyed;
  }

  post(body: Buffer, signal: AbortSignal): Promise<Buffer> {
    return collected(signal, (resolve, reject) => {
      const request = this.#session.request({
        ':method': 'POST',
        ':scheme': 'https',
        ':authority': this.#host,
        ':path': this.#path,
        accept: TYPE,
        'content-type': TYPE,
        'content-length': body.length,
      });
      request.on('response', (headers) => readBody(request, Number(headers[':status']), resolve, reject));
      request.on('error', reject);
      request.on('close', () => reject(new SluiceError('E_DNS_FAILED', 'the DNS server gave no answer')));
      request.end(body);
      return () => {
        if (!request.closed) request.close(http2.constants.NGHTTP2_CANCEL);
      };
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

class Http1Carrier implements Carrier {
  readonly #host: string;
  readonly #path: string;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: MAX_HTTP1, timeout: IDLE_MS });
  #isOver = false;

  constructor(first: TlsStream, host: string, path: string, open: OpenTls) {
    this.#host = host;
    this.#path = path;
    let unused: TlsStream | undefined = first;
    this.#agent.createConnection = (_options, callback): undefined => {
      const stream = unused === undefined || unused.destroyed ? open(AbortSignal.timeout(IDLE_MS)) : unused;
      unused = undefined;
      Promise.resolve(stream).then(
        (ready) => {
          // It may speak HTTP/2 by now.
          if (ready.alpnProtocol === 'h2') this.#isOver = true;
          callback?.(null, ready);
        },
        (error: unknown) => callback?.(error as Error, undefined as never),
      );
      return undefined;
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async post(body: Buffer, signal: AbortSignal): Promise<Buffer> {
    const sent = { onKept: false };
    try {
      return await this.#postOnce(body, signal, sent);
    } catch (error) {
      // A connection that was kept may have been closed by the server meanwhile.
      if (!sent.onKept || signal.aborted || errnoOf((error as Error).cause) !== 'ECONNRESET') throw error;
      return this.#postOnce(body, signal, sent);
    }
  }

  #postOnce(body: Buffer, signal: AbortSignal, sent: { onKept: boolean }): Promise<Buffer> {
    return collected(signal, (resolve, reject) => {
      let isAnswered = false;
      const request = http.request({
        agent: this.#agent,
        method: 'POST',
        path: this.#path,
        headers: { host: this.#host, accept: TYPE, 'content-type': TYPE, 'content-length': body.length },
      });
      request.on('response', (response) => {
        response.on('end', () => (isAnswered = true));
        readBody(response, response.statusCode ?? 0, resolve, reject);
      });
      request.on('error', (error) => {
        sent.onKept = request.reusedSocket;
        reject(error);
      });
      request.end(body);
      return () => {
        if (!isAnswered) request.destroy();
      };
    });
  }

  close(): void {
    this.#isOver = true;
    this.#agent.destroy();
  }
}
