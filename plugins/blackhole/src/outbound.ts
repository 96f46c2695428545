import { Buffer } from 'node:buffer';
import { connPair, Link, type Outbound, type OutboundContext, type PacketConn } from '@sluice/plugin-api';
import { LostPackets } from './packets.js';
import type { BlackholeSettings } from './schema.js';
import { Sink } from './sink.js';

/** The client has been told that it is over; this long it may take to see it, in ms. */
const LINGER_MS = 1000;
const TIMEOUTS = { connIdle: LINGER_MS, uplinkOnly: LINGER_MS, downlinkOnly: LINGER_MS };

/** V2Ray's answer, with the line ends that RFC 9112 asks for. */
const FORBIDDEN = Buffer.from(
  'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nCache-Control: max-age=3600, public\r\nContent-Length: 0\r\n\r\n',
);

/** Takes every connection and leads it nowhere. */
export class BlackholeOutbound implements Outbound {
  readonly #context: OutboundContext<BlackholeSettings>;
  readonly #answer: Buffer | undefined;

  constructor(context: OutboundContext<BlackholeSettings>) {
    this.#context = context;
    this.#answer = context.settings.response?.type === 'http' ? FORBIDDEN : undefined;
  }

  connect(): Promise<Link> {
    const [near, far] = connPair(this.#context.plane);
    new Sink(far).finish(this.#answer);
    const link = new Link(near);
    link.timeouts = TIMEOUTS;
    return Promise.resolve(link);
  }

  openPackets(): Promise<PacketConn> {
    return Promise.resolve(new LostPackets());
  }
}
