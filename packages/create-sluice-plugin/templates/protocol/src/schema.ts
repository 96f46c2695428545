import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';

const password = secretString({
  minLength: 8,
  description: 'The password that client and server share, 8 characters or more.',
});

export const inboundSettings = Type.Object({
  password,
  email: Type.Optional(
    Type.String({
      description: 'Names the user in routing rules, logs and counters. Default: nobody in particular.',
      examples: ['ann@example.org'],
    }),
  ),
  level: Type.Optional(levelSchema('connections of this inbound')),
});

export const outboundSettings = Type.Object({
  address: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'The IP address or name of the server.',
    examples: ['192.0.2.10'],
  }),
  port: Type.Integer({ minimum: 1, maximum: 65535, description: 'The port of the server.', examples: [7000] }),
  password,
});

export type InboundSettings = Static<typeof inboundSettings>;
export type OutboundSettings = Static<typeof outboundSettings>;
