import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';
import { addressFamilySchema } from './data-centers/address-family.js';
import { dataCentersSchema } from './data-centers/overrides.js';

const user = Type.Object({
  email: Type.Optional(
    Type.String({
      maxLength: 255,
      description:
        'Names the user in routing rules (`user`), logs and traffic counters. Any text; nothing is sent to it. Default: the user has no name and no counters.',
    }),
  ),
  level: Type.Optional(levelSchema('connections of this user')),
  secret: secretString({
    maxLength: 255,
    description:
      'What the user\'s clients must know: 32 hexadecimal digits, or "dd" and 32 of them. A plain secret takes every framing that Telegram clients use; a "dd" secret takes only the padded one, whose lengths are harder to recognise. Make one with `sluice mtproto secret`. Who knows it can use the proxy; it does not protect messages, which Telegram encrypts itself.',
  }),
});

export const inboundSettings = Type.Object({
  users: Type.Optional(
    Type.Array(user, { description: 'Who may use the proxy: at least one user, each with a secret of their own.' }),
  ),
  dataCenters: Type.Optional(dataCentersSchema),
  addressFamily: Type.Optional(addressFamilySchema),
});

export type InboundSettings = Static<typeof inboundSettings>;

export const outboundSettings = Type.Object({
  fastMode: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'Whether the keys towards the data centre are chosen so that what it sends can be passed to the client as it is, which makes downloads several times faster. Nothing but the obfuscation between proxy and data centre depends on it. Default true.',
    }),
  ),
});

export type OutboundSettings = Static<typeof outboundSettings>;
