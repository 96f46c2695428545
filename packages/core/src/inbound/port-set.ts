import { SluiceError, toSluiceError, type DataPlane, type Endpoint, type Network } from '@sluice/plugin-api';
import { ListeningPort, type PortAddress, type PortOwner } from './listening-port.js';

/** Where an inbound listens. */
export interface Listening {
  readonly network: Network;
  readonly endpoint: Endpoint;
}

/** The ports of one inbound. They can become another's without being closed. */
export class PortSet {
  readonly #plane: DataPlane;
  readonly #owner: PortOwner;
  /** Told when a port that had to make way cannot be opened again. */
  readonly #onLost: (error: SluiceError) => void;
  #open = new Map<string, ListeningPort>();
  /** Ports that will come from others, by their keys. */
  readonly #promised = new Map<string, PortSet>();
  /** Ports of others that had to be closed for these. */
  readonly #displaced: ListeningPort[] = [];
  #isClosed = false;

  constructor(plane: DataPlane, owner: PortOwner, onLost: (error: SluiceError) => void) {
    this.#plane = plane;
    this.#owner = owner;
    this.#onLost = onLost;
  }

  get keys(): Iterable<string> {
    return this.#open.keys();
  }

  get listening(): Listening[] {
    const ports = [...this.#open.values()].map(({ network, endpoint }) => ({ network, endpoint }));
    return [...ports.filter(({ network }) => network === 'tcp'), ...ports.filter(({ network }) => network === 'udp')];
  }

  /**
   * Opens all or none; those that others have open are left for {@link take}.
   * @param leaving the ports of those that go or are replaced, by their keys
   * @throws SluiceError E_LISTEN_*, E_CLOSING
   */
  async open(addresses: Iterable<PortAddress>, leaving: ReadonlyMap<string, PortSet>): Promise<void> {
    const opened = new Map<string, ListeningPort>();
    try {
      for (const address of addresses) {
        const key = ListeningPort.key(address);
        const holder = leaving.get(key);
        if (holder !== undefined) this.#promised.set(key, holder);
        else opened.set(key, await this.#openOne(address, leaving));
        if (this.#isClosed) throw new SluiceError('E_CLOSING', 'closed meanwhile');
      }
    } catch (error) {
      await Promise.all([...opened.values()].map((port) => port.close()));
      await this.#putBack();
      throw toSluiceError(error, 'E_LISTEN_FAILED');
    }
    this.#open = opened;
  }

  /** Takes over what others have open. At once: no connection is refused. */
  take(): void {
    for (const [key, holder] of this.#promised) {
      const port = holder.#open.get(key);
      if (port === undefined) continue;
      holder.#open.delete(key);
      port.owner = this.#owner;
      this.#open.set(key, port);
    }
    this.#promised.clear();
    this.#displaced.length = 0;
  }

  /** Closes all, and opens again what had to make way for nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#open.values()];
    this.#open = new Map();
    await Promise.all(open.map((port) => port.close()));
    await this.#putBack();
  }

  /** Where another that is to go has the same port of an overlapping address, that one is closed first. */
  async #openOne(address: PortAddress, leaving: ReadonlyMap<string, PortSet>): Promise<ListeningPort> {
    const open = (): Promise<ListeningPort> => ListeningPort.open(this.#plane, address, this.#owner);
    try {
      return await open();
    } catch (error) {
      const { network, port } = address;
      const ports = [...leaving].flatMap(([key, holder]) => holder.#open.get(key) ?? []);
      const inTheWay = ports.filter((each) => each.network === network && each.port === port && port !== 0);
      if (inTheWay.length === 0 || toSluiceError(error).code !== 'E_LISTEN_IN_USE') throw error;
      for (const each of inTheWay) {
        this.#displaced.push(each);
        await each.close();
      }
      return await open();
    }
  }

  async #putBack(): Promise<void> {
    for (const port of this.#displaced.splice(0)) {
      try {
        await port.reopen();
      } catch (error) {
        this.#onLost(toSluiceError(error));
      }
    }
  }
}
