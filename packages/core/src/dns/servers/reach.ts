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
  type PacketConn,
} from '@sluice/plugin-api';

const DIAL_MS = 4000;

/** How a server is reached: by the instance's routing, or directly. */
export interface Reach {
  /** @throws SluiceError of the dial */
  connect(to: Destination, signal: AbortSignal): Promise<Link>;
  /** @param done ends it */
  openPackets(to: Destination): Promise<{ readonly packets: PacketConn; readonly done: () => void }>;
}

/** By the instance's routing; rules know the connections by the DNS's tag. */
export function routed({ dispatcher, inboundTag }: DnsServerContext): Reach {
  const originate = (network: Network) => dispatcher.originate({ inboundTag, inboundProtocol: 'dns', network });
  return {
    async connect(to, signal) {
      const session = originate('tcp');
      const abort = (): void => session.end(givenUp());
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await dispatcher.connect(session, to);
      } finally {
        signal.removeEventListener('abort', abort);
        session.close();
      }
    },
    async openPackets(to) {
      const session = originate('udp');
      try {
        const packets = await dispatcher.openPackets(session, to);
        const done = (): void => {
          packets.close();
          session.close();
        };
        return { packets, done };
      } catch (error) {
        session.close();
        throw error;
      }
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

/** Where a server's address points. @throws SluiceError E_ADDRESS_INVALID */
export function targetOf({ hostname, port }: URL, network: Network, defaultPort: number): Destination {
  return destination(network, hostname, port === '' ? defaultPort : Number(port));
}

export function givenUp(): SluiceError {
  return new SluiceError('E_DNS_FAILED', 'the DNS server did not answer in time');
}
