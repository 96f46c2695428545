import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';

export const accountSchema = Type.Object({
  user: Type.String({
    examples: ['alice', 'bob'],
    description: 'The user name, without a colon. It also names the user in routing rules, logs and counters.',
  }),
  pass: secretString({
    description:
      'The password. HTTP proxies are sent it with every request, unencrypted: use one that guards nothing else.',
  }),
});

export const inboundSettings = Type.Object({
  timeout: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 4294967295,
      default: 300,
      unit: 'seconds',
      description:
        'How long a connection may wait for its next plain request, in seconds; 0 leaves it to `connIdle` of the policy level. Default 300. Tunnels and requests under way are limited by the policy level.',
    }),
  ),
  accounts: Type.Optional(
    Type.Array(accountSchema, {
      default: [],
      description:
        'Who may use the proxy, by Basic authentication. Empty (default): everybody who reaches the port, so listen on a loopback address or behind a firewall.',
    }),
  ),
  allowTransparent: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whether requests that do not name the whole URI are taken too, such as a firewall redirects here; the Host field decides where they go. On a port that strangers reach, that lets web pages use the proxy. Default false: they are answered with 400.',
    }),
  ),
  userLevel: Type.Optional(levelSchema('connections of this inbound')),
});

export type InboundSettings = Static<typeof inboundSettings>;

const serverUser = Type.Object({
  user: Type.String({ examples: ['alice', 'bob'], description: 'The user name for the server, without a colon.' }),
  pass: secretString({
    description:
      'The password for the server. It is sent unencrypted unless `streamSettings` puts TLS around the connection.',
  }),
  level: Type.Optional(levelSchema('connections made as this user')),
  email: Type.Optional(
    Type.String({
      examples: ['alice@example.org'],
      description: 'Accepted as V2Ray does, and without effect. Default: none.',
    }),
  ),
});

const server = Type.Object({
  address: Type.String({
    minLength: 1,
    maxLength: 255,
    examples: ['192.0.2.1', 'proxy.example'],
    description: 'The IP address or name of the HTTP proxy.',
  }),
  port: Type.Integer({
    minimum: 1,
    maximum: 65535,
    unit: 'port',
    examples: [3128, 8080],
    description: 'The TCP port of the HTTP proxy.',
  }),
  users: Type.Optional(
    Type.Array(serverUser, {
      default: [],
      description:
        'Who to log in as, by Basic authentication, in turn for each connection. Leave out for a proxy that asks for no password.',
    }),
  ),
});

export const outboundSettings = Type.Object({
  servers: Type.Array(server, {
    minItems: 1,
    description:
      'The HTTP proxies, used in turn by CONNECT. One that cannot be reached is passed over for the next. TCP only.',
  }),
});

export type OutboundSettings = Static<typeof outboundSettings>;
export type ServerSettings = Static<typeof server>;
