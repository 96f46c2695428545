import type { Buffer } from 'node:buffer';
import { SluiceError, type Destination, type Endpoint, type PacketConn, type PacketSink } from '@sluice/plugin-api';
import type { Secret } from './method.js';
import { openPacket, sealPacket } from './packet.js';
import type { SaltFilter } from './salt-filter.js';

/** Packets through a Shadowsocks server. */
export class ShadowsocksPackets implements PacketConn, PacketSink {
  readonly #path: PacketConn;
  readonly #server: Destination;
  readonly #secret: Secret;
  readonly #seen: SaltFilter;
  #sink: PacketSink | null = null;

  /** Takes over the path to the server. */
  constructor(path: PacketConn, server: Destination, secret: Secret, seen: SaltFilter) {
    this.#path = path;
    this.#server = server;
    this.#secret = secret;
    this.#seen = seen;
  }

  attach(sink: PacketSink): void {
    this.#sink = sink;
    this.#path.attach(this);
  }

  send(payload: Buffer, to: Destination): void {
    try {
      this.#path.send(sealPacket(this.#secret, this.#seen, to.host, to.port, payload), this.#server);
    } catch (error) {
      // A host that no address has room for: dropped, as UDP does.
      if (!(error instanceof SluiceError)) throw error;
    }
  }

  close(): void {
    this.#path.close();
  }

  /** The tag says whether it is the server's; from whatever address, since servers may have several. */
  onPacket(packet: Buffer): void {
    const opened = openPacket(this.#secret, this.#seen, packet);
    if (opened === undefined) return;
    const from: Endpoint = { address: opened.to.host, port: opened.to.port };
    this.#sink?.onPacket(opened.payload, from);
  }

  onClose(error: Error | undefined): void {
    this.#sink?.onClose(error);
  }
}
