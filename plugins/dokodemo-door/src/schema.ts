import { levelSchema, portSchema, Type, type Static } from '@sluice/plugin-api';

export const dokodemoSettings = Type.Object(
  {
    address: Type.Optional(
      Type.String({
        description:
          'The host that every connection and packet goes to: an IP address or a domain. Default: none, and nothing can be connected.',
        examples: ['192.0.2.1', 'example.org'],
      }),
    ),
    port: Type.Optional(
      portSchema({
        description:
          "The port that every connection and packet goes to. May be left out only where the outbound sets one of its own (freedom's `redirect`). Default 0: none.",
      }),
    ),
    network: Type.Optional(
      Type.Union([Type.Array(Type.String()), Type.String()], {
        description:
          'What is listened on and passed on: "tcp", "udp" or "tcp,udp", in any case; also as a list. Default "tcp".',
        default: 'tcp',
        examples: ['tcp', 'udp', 'tcp,udp'],
      }),
    ),
    timeout: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 4294967295,
        unit: 'seconds',
        examples: [300],
        description:
          'In seconds: a connection without a byte for this long is closed, a UDP session forgotten. Only where `userLevel` is 0; with a level, write its `connIdle`. Default 0: what the level says.',
      }),
    ),
    userLevel: Type.Optional(levelSchema('connections of this inbound')),
    followRedirect: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "Whether targets come from the firewall's redirection (transparent proxy). Not available yet: true is an error. Default false.",
      }),
    ),
  },
  { examples: [{ address: '192.0.2.1', port: 53, network: 'tcp,udp' }] },
);

export type DokodemoSettings = Static<typeof dokodemoSettings>;
