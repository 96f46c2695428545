import type { PacketConn, PacketSink } from '@sluice/plugin-api';

/** Packets go in and nothing comes out. */
export class LostPackets implements PacketConn {
  #sink: PacketSink | undefined;

  attach(sink: PacketSink): void {
    this.#sink = sink;
  }

  send(): void {
    // Lost.
  }

  close(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onClose(undefined);
  }
}
