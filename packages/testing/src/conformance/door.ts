import { defineInbound, Type, type Destination, type InboundContribution } from '@sluice/plugin-api';

/** Leads every connection to one target: where plain sockets enter what is tested. */
export function door(to: Destination): InboundContribution {
  return defineInbound<object>({
    description: 'Leads every connection to one target.',
    schema: Type.Object({}),
    networks: () => ['tcp'],
    create: ({ dispatcher }) => ({
      accept: async (link, session) => {
        const upstream = await dispatcher.connect(session, to, { client: link });
        dispatcher.relay(session, link, upstream);
      },
    }),
  });
}
