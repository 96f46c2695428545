import { Type, type Static } from '@sluice/plugin-api';

const pool = Type.Object({
  ipPool: Type.Optional(
    Type.String({
      description: 'The block of addresses, IPv4 or IPv6. Default 198.18.0.0/15, which no network uses (RFC 2544).',
      examples: ['198.18.0.0/15', 'fc00::/18'],
    }),
  ),
  poolSize: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_048_576,
      unit: 'names',
      examples: [65535],
      description:
        'How many names have an address at a time; beyond that, the name that has gone unused for longest loses its own. Default 65535, or as many as the block has.',
    }),
  ),
});

export const fakeDnsSettings = Type.Union([pool, Type.Array(pool, { maxItems: 16 })]);

export type FakeDnsSettings = Static<typeof fakeDnsSettings>;
export type FakeDnsPool = Static<typeof pool>;
