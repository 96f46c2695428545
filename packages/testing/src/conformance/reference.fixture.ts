import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import {
  defineInbound,
  defineOutbound,
  destination,
  formatHostPort,
  Link,
  parseDestination,
  SluiceError,
  Type,
  type Codec,
  type Conn,
  type Destination,
  type Emit,
  type Endpoint,
  type InboundContribution,
  type OutboundContribution,
  type PacketConn,
  type PacketSink,
} from '@sluice/plugin-api';
import type { Hop } from './subject.js';

/** The ways in which the handlers here can be wrong. */
export type Fault =
  | 'takes one read for a whole request'
  | 'forgets what came with the answer'
  | 'loses a byte of a long stream'
  | 'changes a byte of a long stream'
  | 'waits for the client to speak'
  | 'keeps everything until the end'
  | 'ends both directions at the first end'
  | 'takes all that comes, read or not'
  | 'leaves a timer behind'
  | 'keeps a connection that was refused'
  | 'fails by a fault of its own at junk'
  | 'believes what was changed'
  | 'mixes connections'
  | 'does not close'
  | 'names another source of packets'
  | 'loses long packets'
  | 'tells the end of packets twice'
  | 'fails by a fault of its own at junk packets';

const TAG = 16;
const HEAD = 2 + TAG;
const MAX_FRAME = 0xffff;
const [WELCOME, REFUSED] = [0x2b, 0x21];

function tagOf(...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('sha256', 'the key of both sides');
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, TAG);
}

/** Frames: length, tag over number and payload, payload. */
class Encoder implements Codec {
  readonly #fault: Fault | undefined;
  onEnd: (() => void) | undefined;
  readonly #kept: Buffer[] = [];
  #number = 0;
  #bytes = 0;

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  write(chunk: Buffer, emit: Emit): void {
    if (this.#fault === 'keeps everything until the end') {
      this.#kept.push(Buffer.from(chunk));
      return;
    }
    this.#bytes += chunk.length;
    for (let at = 0; at < chunk.length; at += MAX_FRAME) this.#frame(chunk.subarray(at, at + MAX_FRAME), emit);
  }

  end(emit: Emit): void {
    for (const chunk of this.#kept) this.#frame(chunk, emit);
    this.onEnd?.();
  }

  #frame(payload: Buffer, emit: Emit): void {
    const isLong = this.#bytes > 1_000_000;
    let sent = Buffer.from(payload);
    if (isLong && this.#fault === 'loses a byte of a long stream') sent = sent.subarray(1);
    if (isLong && this.#fault === 'changes a byte of a long stream') sent[0] = sent[0]! ^ 1;
    const head = Buffer.alloc(2);
    head.writeUInt16BE(sent.length);
    emit(Buffer.concat([head, tagOf(number(this.#number), sent), sent]));
    this.#number += 1;
  }
}

class Decoder implements Codec {
  readonly #isTrusting: boolean;
  #kept: Buffer = Buffer.alloc(0);
  #number = 0;

  constructor(fault?: Fault) {
    this.#isTrusting = fault === 'believes what was changed';
  }

  get pendingBytes(): number {
    return this.#kept.length;
  }

  write(chunk: Buffer, emit: Emit): void {
    this.#kept = Buffer.concat([this.#kept, chunk]);
    while (this.#kept.length >= HEAD) {
      const length = this.#kept.readUInt16BE(0);
      if (this.#kept.length < HEAD + length) return;
      const payload = this.#kept.subarray(HEAD, HEAD + length);
      if (!this.#isTrusting && !this.#kept.subarray(2, HEAD).equals(tagOf(number(this.#number), payload)))
        throw new SluiceError('E_PROTOCOL', 'a frame was changed');
      this.#number += 1;
      this.#kept = this.#kept.subarray(HEAD + length);
      emit(payload);
    }
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A sealed target in front of a packet's payload: length, target, tag over both and the payload. */
function packed(target: string, payload: Buffer): Buffer {
  const name = Buffer.from(target);
  return Buffer.concat([Buffer.from([name.length]), name, tagOf(name, payload), payload]);
}

function unpacked(packet: Buffer): { readonly target: string; readonly payload: Buffer } | undefined {
  const end = 1 + (packet[0] ?? 0);
  const name = packet.subarray(1, end);
  const payload = packet.subarray(end + TAG);
  return packet.length >= end + TAG && packet.subarray(end, end + TAG).equals(tagOf(name, payload))
    ? { target: name.toString(), payload }
    : undefined;
}

function inboundWith(fault?: Fault): InboundContribution {
  return defineInbound<object>({
    description: 'The server of a small protocol.',
    schema: Type.Object({}),
    networks: () => ['tcp', 'udp'],
    create: ({ dispatcher, packets, plane }) => ({
      start() {
        if (fault === 'does not close') plane.timers.after(60_000, () => undefined);
      },
      async accept(link, session) {
        if (fault === 'leaves a timer behind') plane.timers.after(60_000, () => undefined);
        const { reader } = link;
        const read = (n: number): Promise<Buffer> =>
          fault === 'takes one read for a whole request' ? reader.readSome(n) : reader.readExactly(n);
        const [length = 0] = await read(1);
        const name = await read(length);
        const tag = await read(TAG);
        if (!tag.equals(tagOf(name))) {
          if (fault === 'fails by a fault of its own at junk') throw new TypeError('nobody has thought of this');
          throw new SluiceError('E_AUTH', 'the request was not made with the key');
        }
        if (fault === 'waits for the client to speak') await reader.peek(1);
        let upstream;
        try {
          upstream = await dispatcher.connect(session, parseDestination('tcp', name.toString()), { client: link });
        } catch (error) {
          link.write(Buffer.from([REFUSED]));
          throw error;
        }
        link.write(Buffer.from([WELCOME]));
        link.push({ decode: new Decoder(fault), encode: new Encoder(fault) });
        dispatcher.relay(session, link, upstream);
      },
      packet(packet, source, local, reply) {
        if (fault === 'fails by a fault of its own at junk packets') packet.readUInt32BE(0);
        const found = unpacked(packet);
        if (found === undefined) return;
        const to = parseDestination('udp', found.target);
        packets.send({ source, local, to, payload: found.payload }, (payload, from) =>
          reply(packed(formatHostPort(from.address, from.port), payload)),
        );
      },
    }),
  });
}

function outboundWith(fault?: Fault): OutboundContribution {
  const shared = new Encoder();
  return defineOutbound<Endpoint>({
    description: 'The client of a small protocol.',
    schema: Type.Object({}),
    create: ({ dialer, settings: { address, port } }) => ({
      async connect(session, to) {
        const name = Buffer.from(formatHostPort(to.host, to.port));
        const link = await dialer.dial(session, destination('tcp', address, port));
        try {
          link.write(Buffer.concat([Buffer.from([name.length]), name, tagOf(name)]));
          const forgets = fault === 'forgets what came with the answer';
          const [answer] = forgets ? await link.reader.readSome() : await link.reader.readExactly(1);
          if (answer !== WELCOME) throw new SluiceError('E_UPSTREAM_REJECTED', 'the server has refused');
        } catch (error) {
          if (fault !== 'keeps a connection that was refused') link.destroy();
          throw error;
        }
        const way = fault === 'takes all that comes, read or not' ? new Link(greedy(link.conn)) : link;
        const encode = fault === 'mixes connections' ? shared : new Encoder(fault);
        way.push({ decode: new Decoder(fault), encode });
        if (fault === 'ends both directions at the first end') encode.onEnd = () => link.destroy();
        return way;
      },
      async openPackets(session) {
        const server = destination('udp', address, port);
        return new Packets(await dialer.openPackets(session, server), server, fault);
      },
    }),
  });
}

/** A conn that says of everything that it was passed on. */
function greedy(conn: Conn): Conn {
  const write = (chunk: Uint8Array): boolean => {
    conn.write(Buffer.from(chunk));
    return true;
  };
  return new Proxy(conn, {
    get(target, key) {
      if (key === 'write' || key === 'writeVolatile') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

class Packets implements PacketConn {
  readonly #path: PacketConn;
  readonly #server: Destination;
  readonly #fault: Fault | undefined;

  constructor(path: PacketConn, server: Destination, fault?: Fault) {
    this.#path = path;
    this.#server = server;
    this.#fault = fault;
  }

  attach(sink: PacketSink): void {
    this.#path.attach({
      onPacket: (packet, server) => {
        const found = unpacked(packet);
        if (found === undefined) return;
        const { host, port } = parseDestination('udp', found.target);
        const from = this.#fault === 'names another source of packets' ? server : { address: host, port };
        sink.onPacket(found.payload, from);
      },
      onClose: (error) => {
        sink.onClose(error);
        if (this.#fault === 'tells the end of packets twice') sink.onClose(error);
      },
    });
  }

  send(payload: Buffer, to: Destination): void {
    if (this.#fault === 'loses long packets' && payload.length > 1472) return;
    this.#path.send(packed(formatHostPort(to.host, to.port), payload), this.#server);
  }

  close(): void {
    this.#path.close();
  }
}

/** A small protocol: sealed request, answer of one byte, sealed frames. Right, or wrong in one way. */
export function reference(fault?: Fault): Hop {
  return {
    inbound: inboundWith(fault),
    inboundSettings: () => ({}),
    outbound: outboundWith(fault),
    outboundSettings: (server) => server,
  };
}
