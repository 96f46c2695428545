import type { Duplex } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { errnoOf, SluiceError, toSluiceError } from '@sluice/plugin-api';

/** What a server shows to whoever asks for a name. */
export interface TlsSite {
  readonly socket: TLSSocket;
  /** Why a browser would not trust its certificate: OpenSSL's or Node's code. */
  readonly fault: string | undefined;
  /** When its certificate ends. */
  readonly validTo: Date | undefined;
}

/**
 * Opens TLS over the stream, which it takes over, and looks at the certificate; one that is not
 * valid is no error here.
 * @throws SluiceError E_PROTOCOL if it is no TLS, or the signal's reason
 */
export function visitSite(
  stream: Duplex,
  name: string,
  authorities: string | undefined,
  signal: AbortSignal,
): Promise<TlsSite> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: stream,
      servername: name,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      ...(authorities === undefined ? {} : { ca: authorities }),
    });
    const giveUp = (): void => void socket.destroy(toSluiceError(signal.reason));
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('secureConnect', () => {
      const { valid_to: validTo } = socket.getPeerCertificate();
      // The types have an Error here; it is its code.
      const fault = socket.authorized ? undefined : String(socket.authorizationError);
      resolve({ socket, fault, validTo: validTo === undefined ? undefined : new Date(validTo) });
    });
    // Stays: an error after this must not go unheard either.
    socket.on('error', (error: Error) => {
      stream.destroy();
      reject(error instanceof SluiceError ? error : noTls(error));
    });
    // TLS over a stream does not tell when the stream below has failed.
    stream.once('close', () => {
      socket.destroy();
      reject(new SluiceError('E_CONN_CLOSED', 'the server closes the connection'));
    });
  });
}

function noTls(error: Error): SluiceError {
  const code = errnoOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return new SluiceError('E_CONN_RESET', 'the server resets the connection', { cause: error });
  return new SluiceError('E_PROTOCOL', `does not answer as a TLS server does (${code ?? 'no TLS'})`, { cause: error });
}
