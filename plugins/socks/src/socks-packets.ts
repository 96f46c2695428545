import { Buffer } from 'node:buffer';
import {
  SluiceError,
  type ConnSink,
  type Destination,
  type Endpoint,
  type Link,
  type PacketConn,
  type PacketSink,
} from '@sluice/plugin-api';
import { parseUdpHeader, type UdpHeader } from './codec.js';
import { UdpHeaders } from './udp-headers.js';

/** Packets through a SOCKS 5 server. Lives as long as the TCP connection that asked for it. */
export class SocksPackets implements PacketConn, PacketSink, ConnSink {
  readonly #control: Link;
  readonly #path: PacketConn;
  readonly #relay: Destination;
  readonly #headers = new UdpHeaders();
  #sink: PacketSink | null = null;
  #closed = false;
  #reason: Error | undefined;

  /** Takes over both the control connection and the path to the relay. */
  constructor(control: Link, path: PacketConn, relay: Destination) {
    this.#control = control;
    this.#path = path;
    this.#relay = relay;
    path.attach(this);
    const { reader, conn } = control;
    reader.release();
    conn.attach(this, false);
    if (reader.sawEnd || conn.destroyed) this.#finish(serverGone());
    else conn.resume();
  }

  attach(sink: PacketSink): void {
    this.#sink = sink;
    // Closing before anybody listened is told as soon as somebody does.
    if (this.#closed) sink.onClose(this.#reason);
  }

  send(payload: Buffer, to: Destination): void {
    if (this.#closed) return;
    const header = this.#headers.of(to.host, to.port);
    if (header !== null) this.#path.send(Buffer.concat([header, payload]), this.#relay);
  }

  close(): void {
    this.#finish(undefined);
  }

  /** From the relay; from anybody else it is not ours. */
  onPacket(packet: Buffer, from: Endpoint): void {
    if (this.#closed || from.port !== this.#relay.port) return;
    if (this.#relay.type !== 'domain' && from.address !== this.#relay.host) return;
    const header = readHeader(packet);
    if (header === null || header.fragment !== 0) return;
    // Some servers name the peer as we did, by its domain; whoever answers by SOCKS can pass that on.
    this.#sink?.onPacket(packet.subarray(header.length), { address: header.host, port: header.port });
  }

  onData(): void {
    // The server has nothing to say here; what it says is not kept.
  }

  onEnd(): void {
    this.#finish(serverGone());
  }

  onDrain(): void {
    // Nothing is written here that anybody waits for.
  }

  /** The control connection or the path is gone. */
  onClose(error: Error | undefined): void {
    this.#finish(error ?? serverGone());
  }

  #finish(reason: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reason = reason;
    this.#path.close();
    this.#control.destroy();
    this.#sink?.onClose(reason);
  }
}

function readHeader(packet: Buffer): UdpHeader | null {
  try {
    return parseUdpHeader(packet);
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}

function serverGone(): SluiceError {
  return new SluiceError('E_CONN_CLOSED', 'the SOCKS server ended the UDP association');
}
