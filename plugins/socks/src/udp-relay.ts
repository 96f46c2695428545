import { Buffer } from 'node:buffer';
import { SluiceError, type Destination, type Endpoint, type PacketDispatcher, type User } from '@sluice/plugin-api';
import { requested } from './address.js';
import { Associations, type Association, type Flow } from './associations.js';
import { parseUdpHeader } from './codec.js';
import { UdpHeaders } from './udp-headers.js';

/** The UDP side of an inbound: packets of associated clients, to anywhere and back. */
export class UdpRelay {
  readonly #packets: PacketDispatcher;
  readonly #associations: Associations;

  /** @param identified whether associations belong to users whom a password has proved */
  constructor(packets: PacketDispatcher, identified: boolean) {
    this.#packets = packets;
    // Where everybody may associate, holding a client to its announced port would guard nothing.
    this.#associations = new Associations(identified, (source) => packets.release(source));
  }

  get associations(): number {
    return this.#associations.size;
  }

  /** @throws SluiceError E_SOCKS_ASSOCIATION_LIMIT */
  open(address: string, announced: number, user: User | undefined): Association {
    return this.#associations.open(address, announced, user);
  }

  close(association: Association): void {
    this.#associations.close(association);
  }

  /** Drops, without a word, what is malformed or from nobody's association: anyone can send it. */
  packet(packet: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void {
    const read = readPacket(packet);
    if (read === null) return;
    const flow = this.#associations.admit(source);
    if (flow === undefined) return;
    flow.onReply ??= answer(flow, reply);
    this.#packets.send(
      { source: flow.source, local, to: read.to, payload: read.payload, user: flow.association.user },
      flow.onReply,
    );
  }
}

function readPacket(packet: Buffer): { to: Destination; payload: Buffer } | null {
  try {
    const header = parseUdpHeader(packet);
    if (header === null || header.fragment !== 0 || header.port === 0) return null;
    return { to: requested('udp', header), payload: packet.subarray(header.length) };
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}

function answer(flow: Flow, reply: (payload: Buffer) => void): (payload: Buffer, from: Endpoint) => void {
  const headers = new UdpHeaders();
  const onReply = (payload: Buffer, from: Endpoint): void => {
    // Packets that were under way when the flow ended have nobody to go to.
    if (flow.onReply !== onReply) return;
    const header = headers.of(from.address, from.port);
    if (header !== null) reply(Buffer.concat([header, payload]));
  };
  return onReply;
}
