import { destination, parseDestination, SluiceError, type Destination } from '@sluice/plugin-api';

/** Addresses by the id that clients write: "2", "-2" (media), "203" (CDN), "10002" (test). */
export type DataCenterAddresses = Readonly<Record<string, readonly string[]>>;

/** At least one, the preferred one first. */
export type Addresses = readonly [Destination, ...Destination[]];

const PORT = 443;

// Telegram's own, IPv4 before IPv6. A media id that is not here uses its data centre's plain addresses.
const known: Readonly<Record<number, readonly string[]>> = {
  1: ['149.154.175.50', '2001:b28:f23d:f001::a'],
  2: ['149.154.167.51', '95.161.76.100', '2001:67c:4e8:f002::a'],
  [-2]: ['149.154.167.222', '2001:67c:4e8:f002::b'],
  3: ['149.154.175.100', '2001:b28:f23d:f003::a'],
  4: ['149.154.167.91', '2001:67c:4e8:f004::a'],
  [-4]: ['149.154.166.120', '2001:67c:4e8:f004::b'],
  5: ['149.154.171.5', '2001:b28:f23f:f005::a'],
  203: ['91.105.192.100', '2a0a:f280:203:a:5000::100'],
  10001: ['149.154.175.10', '2001:b28:f23d:f001::e'],
  10002: ['149.154.167.40', '2001:67c:4e8:f002::e'],
  10003: ['149.154.175.117', '2001:b28:f23d:f003::e'],
};

/** Whether the text is an id that a client can write: a whole number of 16 bits, not 0. */
export function isDataCenterId(text: string): boolean {
  return /^-?[1-9][0-9]{0,4}$/.test(text) && Number(text) >= -32768 && Number(text) <= 32767;
}

/** Where data centres are: Telegram's own addresses, overridden by the configuration. */
export class DataCenters {
  readonly #table = new Map<number, Addresses>();
  readonly #overridden = new Set<number>();

  /** @throws SluiceError E_ADDRESS_INVALID */
  constructor(overrides: DataCenterAddresses = {}) {
    for (const [id, hosts] of Object.entries(known)) {
      this.#set(
        Number(id),
        hosts.map((host) => destination('tcp', host, PORT)),
      );
    }
    for (const [id, addresses] of Object.entries(overrides)) {
      this.#set(
        Number(id),
        addresses.map((address) => parseDestination('tcp', address)),
      );
      this.#overridden.add(Number(id));
    }
  }

  /**
   * The addresses of the data centre with the id that a client wrote. A media id falls back to its
   * data centre's plain addresses.
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
    return found;
  }

  #set(id: number, addresses: readonly Destination[]): void {
    const [first, ...others] = addresses;
    if (first !== undefined) this.#table.set(id, [first, ...others]);
  }
}
