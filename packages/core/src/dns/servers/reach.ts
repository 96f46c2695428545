import {
  destination,
  dial,
  Link,
  SluiceError,
  SystemResolver,
  UdpConn,
  type Destination,
  type DnsServerContext,
  type Network,
  type OwnSession,
  type PacketConn,
} from '@sluice/plugin-api';

const DIAL_MS = 4000;

/** How a server is reached: by the instance's routing, or directly. */
export interface Reach {
  /** @throws SluiceError of the dial */
  connect(to: Destination, signal: AbortSignal): Promise<Link>;
  /** `done` closes it. @throws SluiceError of the outbound */
  openPackets(
    to: Destination,
    signal: AbortSignal,
  ): Promise<{ readonly packets: PacketConn; readonly done: () => void }>;
}

/** By the instance's routing; rules know the connections by the DNS's tag. */
export function routed({ dispatcher, inboundTag }: DnsServerContext): Reach {
  /** A session that the signal ends for as long as it opens something. */
  const opening = async <T>(network: Network, signal: AbortSignal, open: (session: OwnSession) => Promise<T>) => {
    if (signal.aborted) throw givenUp();
    const session = dispatcher.originate({ inboundTag, inboundProtocol: 'dns', network });
    const abort = (): void => session.end(givenUp());
    signal.addEventListener('abort', abort, { once: true });
    try {
      return { session, opened: await open(session) };
    } catch (error) {
      session.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
  return {
    async connect(to, signal) {
      const { session, opened } = await opening('tcp', signal, (own) => dispatcher.connect(own, to));
      // The link is ours, and outlives the session.
      session.close();
      return opened;
    },
    async openPackets(to, signal) {
      const { session, opened: packets } = await opening('udp', signal, (own) => dispatcher.openPackets(own, to));
      const done = (): void => {
        packets.close();
        session.close();
      };
      return { packets, done };
    },
  };
}

/** Past the routing, names by the operating system: V2Ray's "+local". */
export function direct({ plane }: DnsServerContext): Reach {
  const resolver = new SystemResolver();
  return {
    connect: async (to, signal) => new Link(await dial(plane, to, { resolver, timeoutMs: DIAL_MS, signal })),
    openPackets: () => {
      const packets = new UdpConn({ resolver });
      return Promise.resolve({ packets, done: () => packets.close() });
    },
  };
}

/** Where a server is. @throws SluiceError E_ADDRESS_INVALID */
export function targetOf({ address, host }: DnsServerContext, network: Network, defaultPort: number): Destination {
  return destination(network, host, address.port === '' ? defaultPort : Number(address.port));
}

export function givenUp(): SluiceError {
  return new SluiceError('E_DNS_FAILED', 'the DNS server did not answer in time');
}

/** The promise, or a failure at the time of the abort, whichever is first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(givenUp());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
