import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { LinkDuplex, SluiceError, type Link } from '@sluice/plugin-api';
import { givenUp } from './reach.js';

/** TLS over a link, the server's certificate checked against its name. @throws SluiceError E_DNS_FAILED */
export function overTls(
  link: Link,
  hostname: string,
  alpn: readonly string[],
  signal: AbortSignal,
): Promise<Duplex & { readonly alpnProtocol: string | false | null }> {
  return new Promise((resolve, reject) => {
    const name = hostname.replace(/^\[|\]$/g, '');
    const below = new LinkDuplex(link);
    const socket = tls.connect({
      socket: below,
      ALPNProtocols: [...alpn],
      // An IP is no name to send, but the certificate is checked for it.
      ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    });
    const onAbort = (): void => fail(givenUp());
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      const why = error instanceof SluiceError ? error.message : `TLS with the DNS server failed: ${error.message}`;
      reject(new SluiceError('E_DNS_FAILED', why, { cause: error }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    // HTTP/2 reads from the socket past its events, and nothing else tells it that the server is gone.
    below.once('end', () => {
      if (socket.alpnProtocol === 'h2') setImmediate(() => socket.destroy());
    });
    below.once('close', () => socket.destroy());
    // Later ones are its user's to see.
    socket.on('error', fail);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
  });
}
