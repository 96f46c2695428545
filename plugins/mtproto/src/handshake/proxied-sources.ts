import type { Link, Session } from '@sluice/plugin-api';
import { CidrSet } from '../address/cidr-set.js';
import { readProxyHeader } from '../proxy-protocol/read-proxy-header.js';
import type { ProxyProtocolSettings } from '../proxy-protocol/settings.js';

/** The proxies in front of an inbound, whose word on where a connection is from is believed. */
export class ProxiedSources {
  readonly #from: CidrSet;

  /** @throws SluiceError E_ADDRESS_INVALID */
  constructor({ from }: ProxyProtocolSettings) {
    this.#from = new CidrSet(from);
  }

  /** Whether the connection is from one of them. */
  has({ source }: Session): boolean {
    return this.#from.has(source.address);
  }

  /** Reads what the proxy says and notes it on the session. @throws SluiceError E_PROTOCOL, or the reader's */
  async identify({ reader }: Link, session: Session): Promise<void> {
    const { addresses } = await readProxyHeader(reader);
    if (addresses !== undefined) session.comesFrom(addresses.source, addresses.destination);
  }
}
