import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';

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
  dataCenters: Type.Optional(
    Type.Record(Type.String(), Type.Array(Type.String({ maxLength: 512 })), {
      description:
        'Other addresses for Telegram\'s data centres, by the id that clients ask for: "1" to "5", "203" (files), "-2" (media of 2), "10002" (test). Each is a list of "host:port", tried in order. Without a list of its own, a media id uses that of its data centre. Default: Telegram\'s public addresses, port 443, IPv4 before IPv6.',
    }),
  ),
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
