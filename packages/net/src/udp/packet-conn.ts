import type { Buffer } from 'node:buffer';
import type { Destination, Endpoint } from '../address.js';

/** Who is told what arrives on a {@link PacketConn}. */
export interface PacketSink {
  /** A packet from `from`. The payload's memory belongs to the receiver. */
  onPacket(payload: Buffer, from: Endpoint): void;
  /** Called exactly once, last. */
  onClose(error: Error | undefined): void;
}

/** A datagram path to many destinations: a UDP socket, or an outbound's way to carry packets. */
export interface PacketConn {
  /** Sets who is told of packets and of the end. */
  attach(sink: PacketSink): void;
  /** Sends without waiting; what cannot be sent is dropped, as UDP does. */
  send(payload: Buffer, to: Destination): void;
  /** Ends it; nothing comes afterwards. */
  close(): void;
}
