import type { Buffer } from 'node:buffer';
import { formatHostPort, type Destination, type PacketConn, type PacketSink } from '@sluice/plugin-api';
import type { MuxPackets } from './mux/mux-packets.js';

/** Targets of one client at a time; beyond it the one that was quiet longest is ended. */
const MAX_TARGETS = 64;

/** One client's packets through a portal: a stream for each target, as Mux.Cool has it. */
export class PortalPackets implements PacketConn {
  readonly #open: (to: Destination) => MuxPackets | undefined;
  /** In order of use. */
  readonly #streams = new Map<string, MuxPackets>();
  #sink: PacketSink | undefined;
  #closed = false;

  /** @param open undefined while there is no bridge */
  constructor(open: (to: Destination) => MuxPackets | undefined) {
    this.#open = open;
  }

  attach(sink: PacketSink): void {
    this.#sink = sink;
  }

  send(payload: Buffer, to: Destination): void {
    if (this.#closed) return;
    const key = formatHostPort(to.host, to.port);
    const stream = this.#streams.get(key) ?? this.#openTo(to, key);
    if (stream === undefined) return;
    // To the end of the order.
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    stream.send(payload);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of [...this.#streams.values()]) stream.close();
    this.#sink?.onClose(undefined);
  }

  #openTo(to: Destination, key: string): MuxPackets | undefined {
    const stream = this.#open(to);
    if (stream === undefined) return undefined;
    if (this.#streams.size >= MAX_TARGETS) {
      const [oldest] = this.#streams.values();
      oldest?.close();
    }
    const from = { address: to.host, port: to.port };
    stream.attach({
      onPacket: (payload) => this.#sink?.onPacket(payload, from),
      onClose: () => {
        if (this.#streams.get(key) === stream) this.#streams.delete(key);
      },
    });
    return stream;
  }
}
