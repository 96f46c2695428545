import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';
import { addressFamilySchema } from './data-centers/address-family.js';
import { dataCentersSchema } from './data-centers/overrides.js';
import { frontingSchema, strangersSchema } from './fronting/settings.js';
import { limitProperties, usageFileSchema } from './limits/limit-settings.js';
import { adTagSchema, middleProxySchema } from './middle-proxy/settings.js';
import { proxyProtocolSchema } from './proxy-protocol/settings.js';
import { replaySchema } from './replay/settings.js';
import { tcpSchema } from './tcp/settings.js';

/** Seconds that a client's clock may differ from ours. */
export const DEFAULT_TIME_WINDOW = 120;

/** An entry of `users`. */
export const userSettings = Type.Object({
  email: Type.Optional(
    Type.String({
      maxLength: 255,
      examples: ['alice@example.org'],
      description:
        'Names the user in routing rules (`user`), logs and traffic counters. Any text; nothing is sent to it. Default: the user has no name and no counters.',
    }),
  ),
  level: Type.Optional(levelSchema('connections of this user')),
  secret: secretString({
    maxLength: 512,
    description:
      'What the user\'s clients must know. 32 hexadecimal digits, a plain secret: the user may come in every mode that the inbound accepts. "dd" and 32 digits: only with the padded framing, whose lengths are harder to recognise. "ee", 32 digits and a server name in hexadecimal: only with fake TLS, which looks like a visit to that site. All of them may be written in base64 or base64url, too. Make one with `sluice mtproto secret`. Who knows it can use the proxy; it does not protect messages, which Telegram encrypts itself.',
  }),
  adTag: Type.Optional(adTagSchema),
  ...limitProperties,
});

const tls = Type.Object(
  {
    serverNames: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 182 }), {
        maxItems: 256,
        examples: [['www.example.org']],
        description:
          'Server names under which users with a plain secret may use fake TLS, as the domain of MTProxy and mtprotoproxy. Users with an "ee" secret use the name in it. Default: none.',
      }),
    ),
    timeWindow: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 604_800,
        default: DEFAULT_TIME_WINDOW,
        unit: 'seconds',
        description:
          "By how many seconds a client's clock may differ from this machine's, either way. A hello is good for that long, so a larger window needs a larger `replay.seconds`. Default 120.",
      }),
    ),
  },
  { description: 'How fake TLS is accepted. Default {}.' },
);

const modes = Type.Array(
  Type.Union([
    Type.Literal('plain', { description: 'With any framing.' }),
    Type.Literal('padded', { description: 'With the padded framing, whose lengths are harder to recognise.' }),
    Type.Literal('tls', { description: 'In what looks like TLS.' }),
  ]),
  {
    description:
      'How clients may come: "plain" with any framing, "padded" with the padded one, "tls" in what looks like TLS. Default: what the secrets are for ("plain" and "padded" for those without a server name, "tls" for those with one, and with `tls.serverNames`).',
    examples: [['tls']],
  },
);

export const inboundSettings = Type.Object(
  {
    users: Type.Optional(
      Type.Array(userSettings, {
        description: 'Who may use the proxy: at least one user, each with a secret of their own. Needed; no default.',
      }),
    ),
    modes: Type.Optional(modes),
    tls: Type.Optional(tls),
    fronting: Type.Optional(frontingSchema),
    strangers: Type.Optional(strangersSchema),
    replay: Type.Optional(replaySchema),
    proxyProtocol: Type.Optional(proxyProtocolSchema),
    usageFile: usageFileSchema,
    adTag: Type.Optional(adTagSchema),
    middleProxy: Type.Optional(middleProxySchema),
    dataCenters: Type.Optional(dataCentersSchema),
    addressFamily: Type.Optional(addressFamilySchema),
    tcp: Type.Optional(tcpSchema),
  },
  // A user is needed; the secret is for everybody to make.
  { examples: [{ users: [{ email: 'alice@example.org', secret: '(secret)' }] }] },
);

export type InboundSettings = Static<typeof inboundSettings>;
export type UserSettings = Static<typeof userSettings>;

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
