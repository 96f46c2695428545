import type { Destination, PacketConn, PacketSink } from '@sluice/plugin-api';
import type { TrafficPair } from '../stats/traffic-counters.js';

/** A packet conn whose payload is counted. */
export class MeteredPackets implements PacketConn {
  readonly #inner: PacketConn;
  readonly #traffic: TrafficPair;

  constructor(inner: PacketConn, traffic: TrafficPair) {
    this.#inner = inner;
    this.#traffic = traffic;
  }

  attach(sink: PacketSink): void {
    this.#inner.attach({
      onPacket: (payload, from) => {
        this.#traffic.downlink?.add(payload.length);
        sink.onPacket(payload, from);
      },
      onClose: (error) => sink.onClose(error),
    });
  }

  send(payload: Buffer, to: Destination): void {
    this.#traffic.uplink?.add(payload.length);
    this.#inner.send(payload, to);
  }

  close(): void {
    this.#inner.close();
  }
}
