import { destination, hostType, parseDestination, type Destination } from '@sluice/plugin-api';
import type { FrontingSettings } from './settings.js';

/** The real hosts that stand behind an inbound's server names. */
export class FrontedHosts {
  readonly #host: Destination | undefined;
  readonly #byName = new Map<string, Destination>();

  /** @throws SluiceError E_ADDRESS_INVALID */
  constructor({ host, byServerName = {} }: FrontingSettings) {
    this.#host = host === undefined ? undefined : parseFrontedHost(host);
    for (const [name, text] of Object.entries(byServerName)) {
      this.#byName.set(name.toLowerCase(), parseFrontedHost(text));
    }
  }

  /** Where a visitor who asks for that name, or for none, is led. */
  of(serverName: string | undefined): Destination | undefined {
    const named = serverName === undefined ? undefined : this.#byName.get(serverName.toLowerCase());
    return named ?? this.#host;
  }
}

/** "host:port" or a Unix socket's path. @throws SluiceError E_ADDRESS_INVALID */
export function parseFrontedHost(text: string): Destination {
  return hostType(text) === 'unix' ? destination('tcp', text, 0) : parseDestination('tcp', text);
}
