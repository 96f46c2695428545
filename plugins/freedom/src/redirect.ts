import { destination, SluiceError, type Destination, type HostType } from '@sluice/plugin-api';

/** V2Ray's `redirect`: another host, another port or both for every target. */
export class Redirect {
  /** Undefined keeps the target's. */
  readonly #host: { readonly type: HostType; readonly name: string } | undefined;
  /** 0 keeps the target's. */
  readonly #port: number;

  /** @throws SluiceError E_ADDRESS_INVALID */
  constructor(text: string) {
    const found = /^(?:\[(.*)\]|([^:]*)):(\d{1,5})$/s.exec(text);
    if (found === null) {
      throw new SluiceError(
        'E_ADDRESS_INVALID',
        'write "host:port", ":port" to keep the host or "host:0" to keep the port; IPv6 in brackets',
      );
    }
    const bracketed = found[1];
    const { type, host, port } = destination('tcp', bracketed ?? (found[2] || '0.0.0.0'), Number(found[3]));
    if (type === 'unix' || (bracketed !== undefined && !bracketed.includes(':'))) {
      throw new SluiceError('E_ADDRESS_INVALID', 'the host is neither an IP address nor a domain name');
    }
    // "0.0.0.0" stands for "no host" in V2Ray as well.
    this.#host = host === '0.0.0.0' ? undefined : { type, name: host };
    this.#port = port;
  }

  apply(to: Destination): Destination {
    return {
      network: to.network,
      type: this.#host?.type ?? to.type,
      host: this.#host?.name ?? to.host,
      port: this.#port === 0 ? to.port : this.#port,
    };
  }
}
