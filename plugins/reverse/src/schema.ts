import { Type, type Static } from '@sluice/plugin-api';

const domain = (description: string) =>
  Type.String({ minLength: 1, maxLength: 255, description, examples: ['reverse.example', 'reverse-2.example'] });

export const reverseSettings = Type.Object({
  bridges: Type.Optional(
    Type.Array(
      Type.Object({
        tag: Type.String({
          minLength: 1,
          examples: ['bridge', 'bridge-2'],
          description:
            "Names the bridge in routing rules, as `inboundTag`: both its own connections to the portal, whose target is `domain`, and those that the portal sends through it have it as their inbound's tag.",
        }),
        domain: domain(
          'The domain by which the portal knows its bridges. It is never resolved: route it, by a rule with this `full:` domain and the bridge as `inboundTag`, to the outbound that leads to the portal. The same on both sides.',
        ),
      }),
      {
        description:
          'The inner side: each keeps connections open to its portal, takes what comes through them, and routes it as if it had come in here. Default: none.',
      },
    ),
  ),
  portals: Type.Optional(
    Type.Array(
      Type.Object({
        tag: Type.String({
          minLength: 1,
          examples: ['portal', 'portal-2'],
          description:
            'Names the portal in routing rules, as `outboundTag`: connections for `domain` that are routed to it become bridges, all others are carried through one of these.',
        }),
        domain: domain(
          'The domain by which bridges are known. Whoever can reach an inbound from which a rule leads to the portal can ask for it and become a bridge: let only inbounds that ask for a password (or are otherwise closed) lead there, and choose a domain that nobody guesses.',
        ),
      }),
      {
        description:
          'The outer side: each takes connections from outside and carries them through the bridges that have connected to it. Default: none.',
      },
    ),
  ),
});

export type ReverseSettings = Static<typeof reverseSettings>;

/** A bridge or a portal, as configured. */
export interface ReverseEnd {
  readonly tag: string;
  readonly domain: string;
}
