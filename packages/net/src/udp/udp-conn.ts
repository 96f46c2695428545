import type { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { isIPv6 } from 'node:net';
import { unmapIPv4, type Destination } from '../address.js';
import { errnoOf, SluiceError, toSluiceError } from '../errors.js';
import type { Family, Resolver } from '../tcp/resolver.js';
import type { PacketConn, PacketSink } from './packet-conn.js';

/** Names whose addresses a flow remembers; a flow that uses more resolves again. */
const MAX_NAMES = 64;
/** Packets that wait for their name's address; more are dropped, as bytes and look-ups are bounded. */
const MAX_UNRESOLVED = 32;

/** How packets are sent. */
export interface UdpOptions {
  readonly resolver: Resolver;
  /** The source IP (V2Ray's sendThrough). */
  readonly localAddress?: string | undefined;
  /** Only this family is used. */
  readonly family?: Family | undefined;
}

/** A UDP socket as a full-cone packet conn: one local port for all destinations. */
export class UdpConn implements PacketConn {
  readonly #options: UdpOptions;
  readonly #sockets = new Map<Family, dgram.Socket>();
  /** Addresses, or the look-ups for them. */
  readonly #names = new Map<string, string | Promise<string>>();
  #sink: PacketSink | null = null;
  #unresolved = 0;
  #closed = false;

  constructor(options: UdpOptions) {
    this.#options = options;
  }

  attach(sink: PacketSink): void {
    this.#sink = sink;
  }

  send(payload: Buffer, to: Destination): void {
    if (this.#closed) return;
    if (to.type !== 'domain') {
      this.#sendTo(payload, to.host, to.port);
      return;
    }
    const known = this.#names.get(to.host);
    if (typeof known === 'string') {
      this.#sendTo(payload, known, to.port);
      return;
    }
    if (this.#unresolved >= MAX_UNRESOLVED) return;
    this.#unresolved += 1;
    (known ?? this.#resolve(to.host)).then(
      (address) => {
        this.#unresolved -= 1;
        if (this.#names.has(to.host)) this.#names.set(to.host, address);
        this.#sendTo(payload, address, to.port);
      },
      () => {
        this.#unresolved -= 1;
        this.#names.delete(to.host);
      },
    );
  }

  close(): void {
    this.#finish(undefined);
  }

  #resolve(name: string): Promise<string> {
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    const { localAddress, family } = this.#options;
    const wanted = family ?? (localAddress === undefined ? undefined : isIPv6(localAddress) ? 6 : 4);
    const found = this.#options.resolver.resolve(name, wanted).then((addresses) => {
      const [first] = addresses;
      if (first === undefined) throw new SluiceError('E_DNS_NOT_FOUND', `${name} has no address`);
      return first;
    });
    this.#names.set(name, found);
    return found;
  }

  #sendTo(payload: Buffer, address: string, port: number): void {
    if (this.#closed || port === 0) return;
    const family: Family = isIPv6(address) ? 6 : 4;
    if (this.#options.family !== undefined && this.#options.family !== family) return;
    // Errors of one destination (unreachable, too large) are that packet's loss.
    this.#socket(family).send(payload, port, address, () => undefined);
  }

  #socket(family: Family): dgram.Socket {
    const open = this.#sockets.get(family);
    if (open !== undefined) return open;
    const socket = dgram.createSocket(family === 6 ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
    this.#sockets.set(family, socket);
    socket.on('message', (payload, from) => {
      try {
        this.#sink?.onPacket(payload, { address: unmapIPv4(from.address), port: from.port });
      } catch (error) {
        // Thrown on, it would end the process.
        this.#finish(toSluiceError(error));
      }
    });
    socket.on('error', (error) => {
      const reason = errnoOf(error) ?? error.message;
      this.#finish(new SluiceError('E_UDP_FAILED', `the UDP socket failed (${reason})`, { cause: error }));
    });
    const { localAddress } = this.#options;
    const fits = localAddress !== undefined && isIPv6(localAddress) === (family === 6);
    socket.bind(fits ? { port: 0, address: localAddress } : { port: 0 });
    return socket;
  }

  #finish(error: SluiceError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#names.clear();
    this.#sink?.onClose(error);
  }
}
