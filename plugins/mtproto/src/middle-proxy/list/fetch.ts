import { Buffer } from 'node:buffer';
import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { destination, errnoOf, LinkDuplex, SluiceError, type Destination, type Link } from '@sluice/plugin-api';

export interface FetchOptions {
  /** Connects to the server, by whatever way. */
  readonly connect: (to: Destination, signal: AbortSignal) => Promise<Link>;
  /** A longer answer is not taken, in bytes. */
  readonly maxBytes: number;
  /** For everything from the connection to the last byte, in ms. */
  readonly timeLimit: number;
  /** Gives the fetch up. */
  readonly signal: AbortSignal;
  /** Certificates (PEM) to trust instead of the well-known authorities. */
  readonly authorities?: string | undefined;
}

/**
 * Fetches a document over HTTPS, with the server's certificate verified, or over plain HTTP.
 * Redirects are not followed.
 * @throws SluiceError E_CONN_TIMEOUT, E_AUTH for a certificate, E_PROTOCOL for the answer,
 *   E_CLOSING if it was given up, or the connection's own
 */
export async function fetchDocument(url: URL, options: FetchOptions): Promise<Buffer> {
  const { signal, timeLimit } = options;
  const late = new SluiceError('E_CONN_TIMEOUT', `${url.host} did not answer in time`);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeLimit)]);
  const failure = (thrown: unknown): unknown => {
    if (signal.aborted) return new SluiceError('E_CLOSING', 'the fetch was given up');
    return limited.aborted ? late : thrown;
  };
  let stream: Duplex | undefined;
  try {
    stream = await openStream(url, options, limited);
    return await get(url, stream, options.maxBytes, limited);
  } catch (error) {
    throw failure(error);
  } finally {
    stream?.destroy();
  }
}

async function openStream(url: URL, options: FetchOptions, signal: AbortSignal): Promise<Duplex> {
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const to = destination('tcp', url.hostname, port);
  const link = await connectUnless(signal, options.connect(to, signal));
  const plain = new LinkDuplex(link);
  if (!isTls) return plain;
  return secure(plain, to.host, options.authorities, signal);
}

/** Who gives up a connection that comes late closes it. */
function connectUnless(signal: AbortSignal, connecting: Promise<Link>): Promise<Link> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new SluiceError('E_CLOSING', 'the fetch was given up'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    connecting.then((link) => {
      signal.removeEventListener('abort', giveUp);
      if (signal.aborted) link.destroy();
      else resolve(link);
    }, reject);
  });
}

function secure(plain: Duplex, host: string, ca: string | undefined, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: plain,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
    });
    const giveUp = (): void => void socket.destroy(new SluiceError('E_CLOSING', 'the fetch was given up'));
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', giveUp);
      resolve(socket);
    });
    // Stays: an error after this must not go unheard either.
    socket.on('error', (error: Error) => {
      plain.destroy();
      reject(error instanceof SluiceError ? error : tlsError(host, error));
    });
    // TLS over a stream does not tell when the stream below has failed.
    plain.once('close', () => void socket.destroy(new SluiceError('E_CONN_CLOSED', `${host} closed the connection`)));
  });
}

function tlsError(host: string, error: Error): SluiceError {
  return new SluiceError('E_AUTH', `no TLS connection with ${host} that can be trusted (${errnoOf(error) ?? 'TLS'})`, {
    cause: error,
  });
}

function get(url: URL, stream: Duplex, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: url.hostname,
      path: url.pathname + url.search,
      headers: { host: url.host, 'accept-encoding': 'identity', connection: 'close' },
      // In place of an agent, which would connect by itself.
      createConnection: () => stream,
      signal,
    });
    request.on('error', (error) => {
      const code = errnoOf(error) ?? 'HTTP';
      const message = `${url.host} did not answer as a web server does (${code})`;
      reject(error instanceof SluiceError ? error : new SluiceError('E_PROTOCOL', message, { cause: error }));
    });
    request.on('response', (response) => {
      collect(url, response, maxBytes).then(resolve, reject);
    });
    request.end();
  });
}

async function collect(url: URL, response: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new SluiceError('E_PROTOCOL', `${url.host} answered with status ${response.statusCode ?? 0}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) {
        throw new SluiceError('E_PROTOCOL', `${url.host} answered with more than ${maxBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('E_PROTOCOL', `the answer of ${url.host} is cut off`, { cause: error });
  }
  return Buffer.concat(chunks, length);
}
