import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';

export const accountSchema = Type.Object({
  user: Type.String({
    maxLength: 255,
    examples: ['alice', 'bob'],
    description: 'The user name, at most 255 bytes. It also names the user in routing rules, logs and counters.',
  }),
  pass: secretString({
    maxLength: 255,
    description: 'The password, at most 255 bytes. SOCKS sends it unencrypted: use one that guards nothing else.',
  }),
});

export const inboundSettings = Type.Object({
  auth: Type.Optional(
    Type.Unsafe<'noauth' | 'password'>({
      type: 'string',
      enum: ['noauth', 'password'],
      enumDescriptions: ['Everybody who reaches the port.', 'The users of `accounts`; SOCKS 4 and 4A are refused.'],
      default: 'noauth',
      description:
        'Who may use the inbound. "noauth" (default): everybody who reaches the port, so listen on a loopback address or behind a firewall. "password": the users of `accounts`; SOCKS 4 and 4A are refused then, since they carry no password.',
    }),
  ),
  accounts: Type.Optional(
    Type.Array(accountSchema, {
      description:
        'The users that `"auth": "password"` lets in. Without that setting nobody is asked for a password. Default: none.',
    }),
  ),
  udp: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whether clients may relay UDP (UDP ASSOCIATE). Packets go to the same port number as the TCP connections, so a firewall must let UDP through as well; they are taken only from the addresses of clients that have asked over TCP. Default false.',
    }),
  ),
  ip: Type.Optional(
    Type.String({
      maxLength: 255,
      examples: ['192.0.2.1'],
      description:
        'The IP address (or name) that clients are told to send their UDP packets to. Needed where they reach this machine by another address than its own (NAT, containers). Default: the local address that the client has connected to.',
    }),
  ),
  userLevel: Type.Optional(levelSchema('connections of this inbound')),
  timeout: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 4294967295,
      unit: 'seconds',
      examples: [300],
      deprecated: true,
      deprecationMessage: 'Has no effect: set `connIdle` of the policy level.',
      description:
        'Deprecated and without effect, in seconds: set `connIdle` of the policy level instead. Default: none.',
    }),
  ),
});

export type InboundSettings = Static<typeof inboundSettings>;

const serverUser = Type.Object({
  user: Type.String({
    maxLength: 255,
    examples: ['alice', 'bob'],
    description: 'The user name for the server, at most 255 bytes.',
  }),
  pass: secretString({
    maxLength: 255,
    description:
      'The password for the server, at most 255 bytes. SOCKS sends it unencrypted: a server across an open network needs TLS (`streamSettings`) or a tunnel.',
  }),
  level: Type.Optional(levelSchema('connections made as this user')),
});

const server = Type.Object({
  address: Type.String({
    minLength: 1,
    maxLength: 255,
    examples: ['192.0.2.1', 'proxy.example'],
    description: 'The IP address or name of the SOCKS 5 server.',
  }),
  port: Type.Integer({
    minimum: 1,
    maximum: 65535,
    unit: 'port',
    examples: [1080, 1081],
    description: 'The TCP port of the SOCKS 5 server.',
  }),
  users: Type.Optional(
    Type.Array(serverUser, {
      description:
        'Who to log in as; one is chosen at random for each connection. Default: none, for a server that asks for no password.',
    }),
  ),
});

export const outboundSettings = Type.Object({
  servers: Type.Array(server, {
    minItems: 1,
    description: 'The SOCKS 5 servers, used in turn. A server that cannot be reached is passed over for the next one.',
  }),
});

export type OutboundSettings = Static<typeof outboundSettings>;
export type ServerSettings = Static<typeof server>;
