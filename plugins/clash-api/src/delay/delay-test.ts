import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { destination, LinkDuplex, SluiceError, toSluiceError, type Dispatcher } from '@sluice/plugin-api';
import { OWN_INBOUND } from './own-inbound.js';

export interface DelayTest {
  readonly outboundTag: string;
  /** http: or https: */
  readonly url: URL;
  readonly timeoutMs: number;
  /** Gives the test up. */
  readonly signal?: AbortSignal | undefined;
  /** Certificate authorities beside the well-known ones, in PEM. */
  readonly ca?: string | undefined;
}

/**
 * The time in ms from the dial through this very outbound to the head of the answer, as Clash measures it.
 * @throws SluiceError E_DIAL_TIMEOUT, E_CLOSING, or of the dial
 */
export async function testDelay(dispatcher: Dispatcher, test: DelayTest): Promise<number> {
  const { url } = test;
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const to = destination('tcp', host, port);
  const session = dispatcher.originate({
    inboundTag: OWN_INBOUND,
    inboundProtocol: OWN_INBOUND,
    outboundTag: test.outboundTag,
  });
  const startedAt = performance.now();
  let stream: Duplex | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let giveUp: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    giveUp = () => reject(new SluiceError('E_CLOSING', 'the test was given up'));
    if (test.signal?.aborted === true) giveUp();
    else test.signal?.addEventListener('abort', giveUp);
    timer = setTimeout(
      () => reject(new SluiceError('E_DIAL_TIMEOUT', `no answer within ${test.timeoutMs} ms`)),
      test.timeoutMs,
    );
  });
  const run = async (): Promise<void> => {
    const link = await dispatcher.connect(session, to);
    if (isOver) {
      link.destroy();
      return;
    }
    stream = new LinkDuplex(link);
    if (url.protocol === 'https:') stream = await secure(stream, host, test.ca);
    await askForHead(stream, url);
  };
  try {
    await Promise.race([run(), late]);
    return Math.max(1, Math.round(performance.now() - startedAt));
  } catch (error) {
    throw toSluiceError(error, 'E_DIAL_FAILED');
  } finally {
    isOver = true;
    if (giveUp !== undefined) test.signal?.removeEventListener('abort', giveUp);
    clearTimeout(timer);
    stream?.destroy();
    session.close();
  }
}

function secure(raw: Duplex, host: string, ca: string | undefined): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: raw,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] }),
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.on('error', (error) => {
      raw.destroy();
      reject(toSluiceError(error, 'E_DIAL_FAILED'));
    });
    socket.once('close', () => reject(new SluiceError('E_CONN_CLOSED', 'closed during the TLS handshake')));
  });
}

function askForHead(stream: Duplex, url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      method: 'HEAD',
      path: `${url.pathname}${url.search}`,
      headers: { Host: url.host, 'User-Agent': 'sluice' },
      // Without an agent: one of Node's would dial by itself.
      createConnection: () => stream,
    });
    request.once('response', (response) => {
      response.resume();
      resolve();
    });
    request.on('error', (error) => reject(error));
    request.end();
  });
}
