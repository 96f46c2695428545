import { formatHostPort, SluiceError, type Destination, type Logger } from '@sluice/plugin-api';
import type { AddressFamily } from './address-family.js';
import { AddressHealth } from './address-health.js';
import type { Addresses } from './addresses.js';
import { parseOverride, type DataCenterAddresses } from './overrides.js';
import { telegramAddresses, telegramIds } from './telegram-addresses.js';

/** Where data centres are: Telegram's own addresses, overridden by the configuration. */
export class DataCenters {
  /** What is known of the addresses' reachability: to be told of each connect. */
  readonly health: AddressHealth;
  readonly #table = new Map<number, Addresses>();
  readonly #overridden = new Set<number>();
  /** One object for one address, so that the health of one is known in all lists. */
  readonly #known = new Map<string, Destination>();

  /**
   * @param overrides `dataCenters` of the settings
   * @param family `addressFamily` of the settings; lists of the configuration keep their order
   * @param logger told when an address begins to rest and when it answers again
   * @throws SluiceError E_ADDRESS_INVALID for overrides that were not checked
   */
  constructor(
    overrides: DataCenterAddresses = {},
    family: AddressFamily = 'prefer-ipv4',
    logger?: Pick<Logger, 'info' | 'debug'>,
  ) {
    for (const id of telegramIds) this.#set(id, telegramAddresses(id, family));
    for (const [id, texts] of Object.entries(overrides)) {
      this.#set(
        Number(id),
        texts.map((text) => valid(parseOverride(text, family))),
      );
      this.#overridden.add(Number(id));
    }
    this.health = new AddressHealth(new Set(this.#known.values()), logger);
  }

  /**
   * The addresses of the data centre with the id that a client wrote, those that have failed of
   * late at the end. A media id falls back to its data centre's plain addresses.
   * @throws SluiceError E_UNSUPPORTED for an id that is not known
   */
  addresses(id: number): Addresses {
    const plain = Math.abs(id);
    // Who overrides a data centre means its media too, unless those are overridden themselves.
    const row = this.#overridden.has(plain) && !this.#overridden.has(id) ? plain : id;
    const found = this.#table.get(row) ?? this.#table.get(plain);
    if (found === undefined) {
      throw new SluiceError('E_UNSUPPORTED', `the client asked for data centre ${id}, which is not known`, {
        details: { dc: id },
      });
    }
    return this.health.order(found);
  }

  #set(id: number, addresses: readonly Destination[]): void {
    const [first, ...others] = addresses.map((address) => this.#intern(address));
    if (first !== undefined) this.#table.set(id, [first, ...others]);
  }

  #intern(address: Destination): Destination {
    const key = formatHostPort(address.host, address.port);
    const known = this.#known.get(key) ?? address;
    this.#known.set(key, known);
    return known;
  }
}

function valid(parsed: Destination | string): Destination {
  if (typeof parsed === 'string') throw new SluiceError('E_ADDRESS_INVALID', parsed);
  return parsed;
}
