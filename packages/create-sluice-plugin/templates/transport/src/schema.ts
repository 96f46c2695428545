import { secretString, Type, type Static } from '@sluice/plugin-api';

const key = secretString({ minLength: 8, description: 'The key that both ends share, 8 characters or more.' });

export const inboundSettings = Type.Object({
  key,
  address: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'The IP address or name that what was unwrapped is led to.',
    examples: ['127.0.0.1'],
  }),
  port: Type.Integer({ minimum: 1, maximum: 65535, description: 'The port that it is led to.', examples: [1080] }),
});

export const outboundSettings = Type.Object({ key });

export type InboundSettings = Static<typeof inboundSettings>;
export type OutboundSettings = Static<typeof outboundSettings>;
