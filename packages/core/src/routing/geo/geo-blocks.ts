import type { Cidr } from '@sluice/plugin-api';
import { WireError, WireReader, type Span } from './wire-reader.js';

/** The blocks of a geoip category. @throws WireError */
export function readBlocks(bytes: Uint8Array, members: Iterable<Span>): Cidr[] {
  const blocks: Cidr[] = [];
  for (const member of members) {
    const message = new WireReader(bytes, member);
    let address = new Uint8Array(0);
    let prefix = 0;
    for (let field = message.next(); field !== 0; field = message.next()) {
      if (field === 1) {
        const { start, end } = message.span();
        address = bytes.slice(start, end);
      } else if (field === 2) prefix = message.number();
      else message.skip();
    }
    if ((address.length !== 4 && address.length !== 16) || prefix > address.length * 8) {
      throw new WireError('a block that is neither IPv4 nor IPv6');
    }
    blocks.push({ bytes: address, prefix });
  }
  return blocks;
}
