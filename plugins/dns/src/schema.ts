import { levelSchema, portSchema, Type, type Static } from '@sluice/plugin-api';

export const dnsSettings = Type.Object({
  network: Type.Optional(
    Type.Unsafe<'tcp' | 'udp'>({
      type: 'string',
      enum: ['tcp', 'udp'],
      enumDescriptions: ['By TCP.', 'By UDP.'],
      description: 'How questions that are passed on are sent: "tcp" or "udp". Default: as they came.',
    }),
  ),
  address: Type.Optional(
    Type.String({
      description: 'The server that gets the questions that are passed on. Default: the one that was asked.',
      examples: ['192.0.2.53'],
    }),
  ),
  port: Type.Optional(
    portSchema({ examples: [53], description: "That server's port. Default 0: the one that was asked." }),
  ),
  nonIPQuery: Type.Optional(
    Type.Unsafe<'skip' | 'drop'>({
      type: 'string',
      enum: ['skip', 'drop'],
      enumDescriptions: ['They are passed on to the server.', 'They get no answer.'],
      default: 'skip',
      description:
        'What becomes of questions for anything but addresses (A, AAAA). "skip" (default): they are passed on to the server. "drop": they get no answer.',
    }),
  ),
  userLevel: Type.Optional(
    levelSchema("connections that ask here; the shorter idle times of it and of the user's own level count"),
  ),
});

export type DnsOutboundSettings = Static<typeof dnsSettings>;
