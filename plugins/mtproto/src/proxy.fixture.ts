import type { Link } from '@sluice/plugin-api';
import {
  hostInbound,
  hostOutbound,
  type InboundHost,
  type InboundHostOptions,
  type OutboundHost,
  type StubSession,
} from '@sluice/testing';
import { mtprotoInbound, mtprotoOutbound } from './index.js';

/** Inbound and outbound joined without a runtime, and what proves that nothing is left of them. */
export interface TestProxy {
  readonly inbound: InboundHost;
  readonly outbound: OutboundHost;
  readonly port: number;
  /** Waits until every connection is gone. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

export interface TestProxyOptions {
  readonly inbound: object;
  readonly outbound?: object;
  /** "direct": the route leads past the mtproto outbound, as to freedom. */
  readonly route?: 'mtproto' | 'direct';
  readonly policy?: InboundHostOptions['policy'];
  /** Whose place this one takes, as on a reload. */
  readonly previous?: TestProxy;
}

export async function startProxy(options: TestProxyOptions): Promise<TestProxy> {
  const outbound = await hostOutbound(mtprotoOutbound, options.outbound ?? {});
  const connect = (session: unknown, to: Parameters<OutboundHost['connect']>[0]): Promise<Link> =>
    outbound.connect(to, session as StubSession);
  const { previous } = options;
  const inbound = await hostInbound(mtprotoInbound, options.inbound, {
    ...(options.route === 'direct' ? {} : { connect }),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    ...(previous === undefined ? {} : { previous: previous.inbound }),
    protocol: 'mtproto',
  }).catch(async (error: unknown) => {
    await outbound.close();
    throw error;
  });
  const planes = [inbound.plane, outbound.plane];
  return {
    inbound,
    outbound,
    port: inbound.port,
    async quiet() {
      // Every turn of the event loop gives closing sockets a chance; the test's own limit bounds it.
      while (planes.some((plane) => plane.conns > 0)) await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {
      await inbound.close();
      await outbound.close();
    },
  };
}

/** What a data plane looks like when nothing is open on it. */
export const nothingOpen = { conns: 0, timers: 0, buffers: { borrowed: 0 } };
