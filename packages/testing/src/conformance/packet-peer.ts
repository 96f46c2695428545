import type { Buffer } from 'node:buffer';
import { destination, type Endpoint, type PacketConn } from '@sluice/plugin-api';
import { within } from './within.js';

export interface Packet {
  readonly payload: Buffer;
  readonly from: Endpoint;
}

/** The client's end of a path for packets. */
export class PacketPeer {
  /** How often its end was told. */
  closes = 0;
  readonly closed: Promise<void>;
  readonly #conn: PacketConn;
  readonly #packets: Packet[] = [];
  #wake: ((packet: Packet) => void) | undefined;

  constructor(conn: PacketConn) {
    this.#conn = conn;
    this.closed = new Promise((resolve) => {
      conn.attach({
        onPacket: (payload, from) => {
          const wake = this.#wake;
          this.#wake = undefined;
          if (wake === undefined) this.#packets.push({ payload, from });
          else wake({ payload, from });
        },
        onClose: () => {
          this.closes += 1;
          resolve();
        },
      });
    });
  }

  send(payload: Buffer, { address, port }: Endpoint): void {
    this.#conn.send(payload, destination('udp', address, port));
  }

  async next(): Promise<Packet> {
    const ready = this.#packets.shift();
    if (ready !== undefined) return ready;
    return within(
      new Promise<Packet>((resolve) => {
        this.#wake = resolve;
      }),
      'a packet',
    );
  }

  close(): void {
    this.#conn.close();
  }
}
