import { SluiceError, type HandshakeReader } from '@sluice/plugin-api';
import { decodeProxyHeader } from './decode.js';
import type { ProxyHeader } from './proxy-header.js';

/**
 * Takes the header off the beginning of a connection from a listed proxy. The specification forbids
 * to guess whether there is one: it is asked of all listed sources, and of nobody else.
 * @throws SluiceError E_PROTOCOL if it is missing or malformed; what the reader throws
 */
export async function readProxyHeader(reader: HandshakeReader): Promise<ProxyHeader> {
  const bytes = await reader.inspect((waiting) => decodeProxyHeader(waiting) !== 'more');
  const header = decodeProxyHeader(bytes);
  if (header === 'more') throw new SluiceError('E_INTERNAL', 'the reader has lost a part of what it had');
  if (header instanceof SluiceError) throw header;
  reader.skip(header.length);
  return header;
}
