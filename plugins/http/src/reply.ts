import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import { toSluiceError } from '@sluice/plugin-api';

/** What a CONNECT is answered with once the target is connected. */
export const CONNECTED = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n');

/** Names neither the program nor the reason; the body is empty, so that browsers show a page of their own. */
export function reply(status: number, options: { readonly close: boolean; readonly fields?: string }): Buffer {
  const connection = options.close ? 'Connection: close\r\n' : '';
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${options.fields ?? ''}Content-Length: 0\r\n${connection}\r\n`;
  return Buffer.from(text, 'latin1');
}

/** The status that tells a client why its target could not be connected. */
export function statusOf(error: unknown): number {
  switch (toSluiceError(error).code) {
    case 'E_BLOCKED':
      return 403;
    case 'E_ADDRESS_INVALID':
      return 400;
    case 'E_CLOSING':
      return 503;
    case 'E_DIAL_TIMEOUT':
    case 'E_CONN_TIMEOUT':
    case 'E_HANDSHAKE_TIMEOUT':
      return 504;
    default:
      return 502;
  }
}
