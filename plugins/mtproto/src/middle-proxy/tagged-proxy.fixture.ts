import {
  defineInbound,
  parseDestination,
  Type,
  type DataPlane,
  type Destination,
  type LevelPolicy,
  type Link,
  type Session,
} from '@sluice/plugin-api';
import { DirectDialer, hostInbound, MemoryLogger, StubSession, type InboundHost } from '@sluice/testing';
import { openHeader } from '../obfuscation/client-layer.js';
import { HEADER_LENGTH } from '../obfuscation/header.js';
import { parseSecret } from '../secret.js';
import { MiddleProxyPool } from './middle-proxy-pool.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy-target.js';
import type { RouteLimits } from './pool-route.js';
import { speakMiddleProxy } from './sole-connection.js';

export const USER_SECRET = '00112233445566778899aabbccddeeff';
export const AD_TAG = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf';

export interface TaggedProxyOptions {
  /** Middle proxies in order, each "host:port". */
  readonly addresses: readonly string[];
  readonly secret: Buffer;
  /** "pool": as the mtproto outbound does; "sole": as for other outbounds. */
  readonly way?: 'pool' | 'sole';
  readonly limits?: Partial<RouteLimits>;
  readonly natAddress?: string;
  readonly withoutTag?: boolean;
  /** Where a middle proxy's address really leads. */
  readonly redirect?: (to: Destination) => Destination;
  readonly policy?: Partial<LevelPolicy>;
}

/** An inbound that leads its clients through middle proxies, and through nothing else. */
export interface TaggedProxy {
  readonly inbound: InboundHost;
  readonly port: number;
  readonly plane: DataPlane;
  readonly pool: MiddleProxyPool;
  /** What the target was told: "failed host:port", "worked host:port". */
  readonly reports: readonly string[];
  readonly logger: MemoryLogger;
  /** Closes all, and waits until nothing is left. */
  close(): Promise<void>;
}

export async function startTaggedProxy(options: TaggedProxyOptions): Promise<TaggedProxy> {
  const { way = 'pool', redirect = (to) => to } = options;
  const [preferred, ...alternatives] = options.addresses.map((text) => parseDestination('tcp', text));
  const reports: string[] = [];
  const target: MiddleProxyTarget = {
    preferred: preferred!,
    alternatives,
    secret: options.secret,
    adTag: options.withoutTag === true ? undefined : Buffer.from(AD_TAG, 'hex'),
    natAddress: options.natAddress,
    poolKey: '',
    failed: ({ host, port }) => void reports.push(`failed ${host}:${port}`),
    worked: ({ host, port }) => void reports.push(`worked ${host}:${port}`),
  };
  const secret = parseSecret(USER_SECRET);
  if (typeof secret === 'string') throw new TypeError(secret);
  const logger = new MemoryLogger();
  let pool!: MiddleProxyPool;
  const contribution = defineInbound<object>({
    description: 'For tests.',
    schema: Type.Object({}),
    networks: () => ['tcp'],
    create: ({ plane, dispatcher }) => {
      const dialer = new DirectDialer(plane);
      pool = new MiddleProxyPool({
        plane,
        logger,
        ...(options.limits === undefined ? {} : { limits: options.limits }),
        dial: (to) => {
          const session = new StubSession();
          return { link: dialer.dial(session, redirect(to)), close: () => session.close() };
        },
      });
      const accept = async (link: Link, session: Session): Promise<void> => {
        const layer = openHeader(await link.reader.readExactly(HEADER_LENGTH), secret);
        const client: MiddleProxyClient = { layer: layer!, source: session.source, local: session.local };
        let upstream: Link;
        if (way === 'pool') upstream = await pool.connect(target, client);
        else {
          const own = await dispatcher.connect(session, redirect(target.preferred));
          upstream = await speakMiddleProxy(plane, own, target, client);
        }
        dispatcher.relay(session, link, upstream);
      };
      return { accept };
    },
  });
  const inbound = await hostInbound(contribution, {}, options.policy === undefined ? {} : { policy: options.policy });
  const { plane } = inbound;
  return {
    inbound,
    port: inbound.port,
    plane,
    pool,
    reports,
    logger,
    async close() {
      await inbound.close();
      pool.close();
      const isOpen = (): boolean => plane.conns > 0 || plane.timers.size > 0;
      while (isOpen()) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
