import {
  defineInbound,
  defineOutbound,
  destination,
  Type,
  type Endpoint,
  type StreamLayerContribution,
} from '@sluice/plugin-api';
import type { StubSession } from '../harness/services.js';
import type { Hop } from './subject.js';

/** The settings of both ends of a layer. */
export interface LayerSettings {
  readonly inbound: object;
  readonly outbound: object;
}

/**
 * A pair for {@link conformance} that consists of a layer of `streamSettings` and nothing else: both ends
 * of it, and no protocol upon it. Its clients cannot name their targets, so say `targets: false`.
 */
export function layered(layer: StreamLayerContribution, settings: LayerSettings): Hop {
  return {
    outbound: defineOutbound<Endpoint>({
      description: 'The client of a layer.',
      schema: Type.Object({}),
      create: (context) => {
        const client = layer.create({ ...context, side: 'outbound', settings: settings.outbound });
        const { address, port } = context.settings;
        return {
          start: () => client.start?.(),
          close: () => client.close?.(),
          async connect(session) {
            const to = destination('tcp', address, port);
            const link = await context.dialer.dial(session, to);
            try {
              return await client.connect(link, session, to);
            } catch (error) {
              link.destroy();
              throw error;
            }
          },
        };
      },
    }),
    outboundSettings: (server) => server,
    inbound: defineInbound<Endpoint>({
      description: 'The server of a layer.',
      schema: Type.Object({}),
      networks: () => ['tcp'],
      create: (context) => {
        const { dispatcher } = context;
        const server = layer.create({ ...context, side: 'inbound', settings: settings.inbound });
        const { address, port } = context.settings;
        return {
          start: () => server.start?.(),
          close: () => server.close?.(),
          async accept(link, session) {
            const top = await server.accept(link, session);
            (session as StubSession).top = top;
            const upstream = await dispatcher.connect(session, destination('tcp', address, port), { client: top });
            dispatcher.relay(session, top, upstream);
          },
        };
      },
    }),
    inboundSettings: ({ target }) => target,
  };
}
