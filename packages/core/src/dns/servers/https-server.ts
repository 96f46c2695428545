import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { SluiceError, toSluiceError, type DnsServer } from '@sluice/plugin-api';
import { withId } from '../wire/build.js';
import { givenUp } from './reach.js';

/** What a DNS message can have at most. */
const MAX_ANSWER = 64 * 1024;
const IDLE_MS = 30_000;
const TYPE = 'application/dns-message';

/** A connection with TLS on it. */
export type OpenTls = (signal: AbortSignal) => Promise<Duplex & { readonly alpnProtocol: string | false | null }>;

/** DNS over HTTPS (RFC 8484) by POST: HTTP/2 on a connection that is kept, or HTTP/1.1 on one for each question. */
export class HttpsServer implements DnsServer {
  readonly #address: URL;
  readonly #open: OpenTls;
  #session: Promise<http2.ClientHttp2Session | undefined> | undefined;
  #firstStream: Duplex | undefined;

  /** @param open connects anew, TLS included */
  constructor(address: URL, open: OpenTls) {
    this.#address = address;
    this.#open = open;
  }

  async exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    // The same question is the same request everywhere, whatever its id was (RFC 8484, 4.1).
    const body = withId(query, 0);
    const wasOpen = this.#session !== undefined;
    try {
      return withId(await this.#post(body, signal), query.readUInt16BE(0));
    } catch (error) {
      if (!wasOpen || signal.aborted) throw error;
      return withId(await this.#post(body, signal), query.readUInt16BE(0));
    }
  }

  close(): void {
    const session = this.#session;
    this.#session = undefined;
    void session?.then(
      (open) => open?.destroy(),
      () => undefined,
    );
    this.#firstStream?.destroy();
  }

  async #post(body: Buffer, signal: AbortSignal): Promise<Buffer> {
    this.#session ??= this.#connect(signal);
    const session = await this.#session;
    if (session !== undefined) return this.#overHttp2(session, body, signal);
    const stream = this.#firstStream ?? (await this.#open(signal));
    this.#firstStream = undefined;
    return this.#overHttp1(stream, body, signal);
  }

  /** @returns undefined if the server speaks HTTP/1.1 only */
  async #connect(signal: AbortSignal): Promise<http2.ClientHttp2Session | undefined> {
    try {
      const stream = await this.#open(signal);
      if (stream.alpnProtocol !== 'h2') {
        this.#firstStream = stream;
        return undefined;
      }
      const session = http2.connect(this.#address.origin, { createConnection: () => stream, maxSessionMemory: 1 });
      const gone = (): void => {
        if (this.#session === own) this.#session = undefined;
      };
      const own = this.#session;
      session.on('error', gone).on('close', gone).on('goaway', gone);
      session.setTimeout(IDLE_MS, () => session.close());
      session.unref();
      return session;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  #overHttp2(session: http2.ClientHttp2Session, body: Buffer, signal: AbortSignal): Promise<Buffer> {
    return collected(signal, (resolve, reject) => {
      const request = session.request({
        ':method': 'POST',
        ':path': this.#path(),
        accept: TYPE,
        'content-type': TYPE,
        'content-length': body.length,
      });
      request.on('response', (headers) => {
        const status = Number(headers[':status']);
        if (status === 200) read(request, resolve, reject);
        else reject(refused(status));
      });
      request.on('error', reject);
      request.on('close', () => reject(new SluiceError('E_DNS_FAILED', 'the DNS server gave no answer')));
      request.end(body);
      return () => request.close(http2.constants.NGHTTP2_CANCEL);
    });
  }

  #overHttp1(stream: Duplex, body: Buffer, signal: AbortSignal): Promise<Buffer> {
    return collected(signal, (resolve, reject) => {
      const request = http.request({
        method: 'POST',
        path: this.#path(),
        headers: { host: this.#address.host, accept: TYPE, 'content-type': TYPE, 'content-length': body.length },
        createConnection: () => stream as never,
        agent: false,
      });
      request.on('response', (response) => {
        if (response.statusCode === 200) read(response, resolve, reject);
        else reject(refused(response.statusCode ?? 0));
      });
      request.on('error', reject);
      request.end(body);
      return () => stream.destroy();
    });
  }

  #path(): string {
    const { pathname, search } = this.#address;
    return `${pathname === '/' ? '/dns-query' : pathname}${search}`;
  }
}

/** A promise that an abort rejects; what `start` returns is called in the end. */
async function collected(
  signal: AbortSignal,
  start: (resolve: (bytes: Buffer) => void, reject: (error: Error) => void) => () => void,
): Promise<Buffer> {
  let end: () => void = () => undefined;
  let onAbort: () => void = () => undefined;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      onAbort = (): void => reject(givenUp());
      signal.addEventListener('abort', onAbort, { once: true });
      end = start(resolve, (error) => reject(toSluiceError(error, 'E_DNS_FAILED')));
      if (signal.aborted) onAbort();
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    end();
  }
}

function read(from: NodeJS.ReadableStream, resolve: (bytes: Buffer) => void, reject: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  from.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER) reject(new SluiceError('E_DNS_FAILED', 'the answer is longer than a DNS message'));
    else chunks.push(chunk);
  });
  from.on('end', () => {
    if (size < 12) reject(new SluiceError('E_DNS_FAILED', 'the answer is no DNS message'));
    else resolve(Buffer.concat(chunks));
  });
  from.on('error', reject);
}

function refused(status: number): SluiceError {
  return new SluiceError('E_DNS_FAILED', `the DNS server answered with HTTP status ${status}`);
}
