import { SluiceError } from '@sluice/plugin-api';
import { decodeV1 } from './decode-v1.js';
import { decodeV2 } from './decode-v2.js';
import { V1_START, V2_SIGNATURE, type ProxyHeader } from './proxy-header.js';

/**
 * The header at the beginning of what a proxy has sent; "more" if it is not complete yet. Nothing is
 * remembered between calls: give all the bytes again when more have come. At most 4112 are needed.
 * @returns SluiceError E_PROTOCOL as soon as the bytes cannot become a valid header
 */
export function decodeProxyHeader(bytes: Buffer): ProxyHeader | 'more' | SluiceError {
  if (beginsAs(bytes, V2_SIGNATURE)) return bytes.length < V2_SIGNATURE.length ? 'more' : decodeV2(bytes);
  if (beginsAs(bytes, V1_START)) return bytes.length < V1_START.length ? 'more' : decodeV1(bytes);
  return new SluiceError('E_PROTOCOL', 'the connection does not begin with a PROXY protocol header');
}

/** As far as there are bytes. */
function beginsAs(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}
