import { levelSchema, Type, type Static } from '@sluice/plugin-api';

export const freedomSettings = Type.Object({
  domainStrategy: Type.Optional(
    Type.Unsafe<'AsIs' | 'UseIP' | 'UseIPv4' | 'UseIPv6'>({
      type: 'string',
      enum: ['AsIs', 'UseIP', 'UseIPv4', 'UseIPv6'],
      enumDescriptions: [
        'The operating system resolves it, and its addresses race.',
        "The instance's DNS resolves it.",
        "The instance's DNS resolves it, and only IPv4 is used.",
        "The instance's DNS resolves it, and only IPv6 is used.",
      ],
      default: 'AsIs',
      description:
        'How a target that is a domain becomes an address. "AsIs" (default): the operating system resolves it, and its addresses race. "UseIP": the instance\'s DNS resolves it. "UseIPv4", "UseIPv6": the same, and only addresses of that family are used.',
    }),
  ),
  redirect: Type.Optional(
    Type.String({
      description:
        'Where all connections and packets are sent instead of to their own target: "host:port". ":port" keeps the target\'s host, "host:0" its port. Default: nowhere.',
      examples: ['127.0.0.1:8080', ':443', 'example.org:0'],
    }),
  ),
  userLevel: Type.Optional(
    levelSchema("connections that leave here; the shorter idle times of it and of the user's own level count"),
  ),
  timeout: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 4294967295,
      unit: 'seconds',
      examples: [300],
      deprecated: true,
      deprecationMessage: 'Write `connIdle` of a policy level.',
      description:
        'Deprecated, in seconds: a connection without a byte for this long is closed. Only where `userLevel` is 0; write `connIdle` of a policy level instead. Default 0: what the level says.',
    }),
  ),
});

export type FreedomSettings = Static<typeof freedomSettings>;
