import type { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { LinkDuplex, SluiceError, toSluiceError, type Link } from '@sluice/plugin-api';
import type { ProbeTarget } from './probe-target.js';

/** More than the first line of any answer. */
const MAX_LINE = 8 * 1024;

export interface ExchangeOptions {
  readonly method: string;
  readonly signal: AbortSignal;
  /** Authorities beside the well-known ones, in PEM. */
  readonly ca?: string | undefined;
}

/**
 * Asks over the link, which is taken over and closed, and resolves when an answer has begun.
 * @throws SluiceError E_PROTOCOL if the answer is none of HTTP's; what ended the link; the signal's reason
 */
export async function askOver(link: Link, target: ProbeTarget, options: ExchangeOptions): Promise<void> {
  const { signal, method, ca } = options;
  const raw = new LinkDuplex(link);
  let stream: Duplex = raw;
  if (target.isSecure) {
    stream = connectTls({
      socket: raw,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    });
  }
  try {
    await new Promise<void>((resolve, reject) => {
      let line = '';
      const onData = (chunk: Buffer): void => {
        line += chunk.toString('latin1');
        const end = line.indexOf('\n');
        if (/^HTTP\/1\.[01] [0-9]{3}[ \r]/.test(line) && end >= 0) resolve();
        else if (end >= 0 || line.length > MAX_LINE)
          reject(new SluiceError('E_PROTOCOL', 'what answered the probe does not speak HTTP'));
      };
      const closed = (): void => reject(new SluiceError('E_CONN_CLOSED', 'closed before the probe was answered'));
      const failed = (error: Error): void => reject(toSluiceError(error, 'E_PROTOCOL'));
      // The stream below a TLS one may end without the upper one being told, or before it says why.
      raw.on('error', failed).on('close', () => setImmediate(closed));
      stream.on('error', failed).on('close', closed).on('end', closed).on('data', onData);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (signal.aborted) reject(signal.reason as Error);
      else stream.write(target.request(method));
    });
  } finally {
    stream.destroy();
    raw.destroy();
  }
}
