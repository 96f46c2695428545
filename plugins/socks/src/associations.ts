import type { Buffer } from 'node:buffer';
import { SluiceError, type Endpoint, type User } from '@sluice/plugin-api';

/** Associations of one inbound, and of one client address: a TUN client opens one for each flow. */
const MAX_ASSOCIATIONS = 4096;
const MAX_PER_CLIENT = 1024;

/** A client's right, for as long as its TCP connection is open, to send packets from one port. */
export interface Association {
  readonly address: string;
  /** The port that the client said it will send from; 0 if it did not say. */
  readonly announced: number;
  readonly user: User | undefined;
}

/** A client port that an association has let in. */
export interface Flow {
  readonly source: Endpoint;
  readonly association: Association;
  /** Kept here for the inbound: what packets that come back are given to. */
  onReply: ((payload: Buffer, from: Endpoint) => void) | undefined;
}

class Entry implements Association {
  flow: OpenFlow | null = null;

  constructor(
    readonly address: string,
    readonly announced: number,
    readonly user: User | undefined,
  ) {}
}

interface OpenFlow extends Flow {
  association: Entry;
  /** Several associations were waiting when this port first sent: it may belong to another one. */
  ambiguous: boolean;
  lastUsed: number;
}

interface Client {
  readonly entries: Set<Entry>;
  readonly flows: Map<number, OpenFlow>;
}

/**
 * Decides which packets on the shared UDP port belong to somebody's association.
 *
 * A packet must come from the IP address of a client with an open association, and each association
 * lets in one port: the one it has announced, else the first new one that sends. A client with
 * several associations may send in another order than it opened them in; where that left a doubt
 * about which port is whose, a new port may take the place of the one unused for longest.
 */
export class Associations {
  readonly #clients = new Map<string, Client>();
  readonly #announcedOnly: boolean;
  readonly #onRelease: (source: Endpoint) => void;
  #size = 0;
  #clock = 0;

  /**
   * @param announcedOnly a client that has announced a port is held to it. Without it other ports
   * are let in until the announced one sends, because V2Ray announces its target's address
   * @param onRelease told of each source whose right to send has ended
   */
  constructor(announcedOnly: boolean, onRelease: (source: Endpoint) => void) {
    this.#announcedOnly = announcedOnly;
    this.#onRelease = onRelease;
  }

  get size(): number {
    return this.#size;
  }

  /** @throws SluiceError E_SOCKS_ASSOCIATION_LIMIT */
  open(address: string, announced: number, user: User | undefined): Association {
    const client = this.#clients.get(address) ?? { entries: new Set<Entry>(), flows: new Map<number, OpenFlow>() };
    if (this.#size >= MAX_ASSOCIATIONS || client.entries.size >= MAX_PER_CLIENT) {
      throw new SluiceError('E_SOCKS_ASSOCIATION_LIMIT', 'too many UDP associations are open');
    }
    const entry = new Entry(address, announced, user);
    client.entries.add(entry);
    this.#clients.set(address, client);
    this.#size += 1;
    return entry;
  }

  /** The client's TCP connection is gone. */
  close(association: Association): void {
    const entry = association as Entry;
    const client = this.#clients.get(entry.address);
    if (client === undefined || !client.entries.delete(entry)) return;
    this.#size -= 1;
    if (client.entries.size === 0) this.#clients.delete(entry.address);
    const { flow } = entry;
    if (flow === null) return;
    entry.flow = null;
    const heir = flow.ambiguous ? this.#waiting(client) : undefined;
    if (heir === undefined) this.#drop(client, flow);
    else this.#assign(flow, heir, true);
  }

  /** The flow that a packet from this source belongs to; undefined if nobody may send from there. */
  admit(source: Endpoint): Flow | undefined {
    const client = this.#clients.get(source.address);
    if (client === undefined) return undefined;
    const flow = client.flows.get(source.port) ?? this.#claim(client, source);
    if (flow !== undefined) flow.lastUsed = this.#clock += 1;
    return flow;
  }

  #claim(client: Client, source: Endpoint): OpenFlow | undefined {
    let announced: Entry | undefined;
    let waiting: Entry | undefined;
    let doubtful: OpenFlow | undefined;
    let choices = 0;
    for (const entry of client.entries) {
      const { flow } = entry;
      if (entry.announced === source.port) announced = entry;
      else if (!this.#takesAnyPort(entry)) continue;
      else if (flow === null) {
        waiting ??= entry;
        choices += 1;
      } else if (flow.ambiguous) {
        choices += 1;
        if (doubtful === undefined || flow.lastUsed < doubtful.lastUsed) doubtful = flow;
      }
    }
    const owner = announced ?? waiting ?? doubtful?.association;
    if (owner === undefined) return undefined;
    if (owner.flow !== null) this.#drop(client, owner.flow);
    const flow: OpenFlow = { source, association: owner, onReply: undefined, ambiguous: false, lastUsed: 0 };
    client.flows.set(source.port, flow);
    this.#assign(flow, owner, announced === undefined && choices > 1);
    return flow;
  }

  #takesAnyPort(entry: Entry): boolean {
    return entry.announced === 0 || !this.#announcedOnly;
  }

  #waiting(client: Client): Entry | undefined {
    for (const entry of client.entries) {
      if (entry.flow === null && this.#takesAnyPort(entry)) return entry;
    }
    return undefined;
  }

  #assign(flow: OpenFlow, owner: Entry, ambiguous: boolean): void {
    flow.association = owner;
    flow.ambiguous = ambiguous;
    owner.flow = flow;
  }

  #drop(client: Client, flow: OpenFlow): void {
    client.flows.delete(flow.source.port);
    flow.onReply = undefined;
    if (flow.association.flow === flow) flow.association.flow = null;
    this.#onRelease(flow.source);
  }
}
