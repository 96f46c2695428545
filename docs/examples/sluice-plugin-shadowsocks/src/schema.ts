import { levelSchema, secretString, Type, type Static } from '@sluice/plugin-api';
import type { MethodName } from './method.js';

const method = Type.Unsafe<MethodName>({
  type: 'string',
  enum: [
    'chacha20-ietf-poly1305',
    'aes-256-gcm',
    'aes-128-gcm',
    'chacha20-poly1305',
    'aead_chacha20_poly1305',
    'aead_aes_256_gcm',
    'aead_aes_128_gcm',
  ],
  enumDescriptions: [
    'ChaCha20-Poly1305: the fastest where the processor has no AES of its own.',
    'AES-256-GCM.',
    'AES-128-GCM: the fastest where the processor has AES of its own.',
    'Another name of chacha20-ietf-poly1305.',
    'Another name of chacha20-ietf-poly1305.',
    'Another name of aes-256-gcm.',
    'Another name of aes-128-gcm.',
  ],
  description:
    'How everything is encrypted; both ends must have the same. Methods without authentication are not offered: they can be changed on the way, and be found by probing.',
  examples: ['chacha20-ietf-poly1305'],
});

const password = secretString({
  minLength: 1,
  description:
    'The password that both ends know; the key is made of it. Whoever knows it can read recorded traffic: make it long and random.',
});

const email = Type.Optional(
  Type.String({
    description: 'Names the user in routing rules, logs and counters.',
    examples: ['ann@example.org'],
  }),
);

const ota = Type.Optional(
  Type.Boolean({
    deprecated: true,
    deprecationMessage: 'Has no effect: all methods of today authenticate.',
    description: 'Deprecated and without effect: one-time authentication of older methods.',
    default: false,
  }),
);

export const inboundSettings = Type.Object({
  method,
  password,
  network: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.String()], {
      description: 'What is listened on: "tcp", "udp" or "tcp,udp", in any case; also as a list. Default "tcp".',
      default: 'tcp',
      examples: ['tcp,udp'],
    }),
  ),
  udp: Type.Optional(
    Type.Boolean({
      deprecated: true,
      deprecationMessage: 'Write "network": "tcp,udp" instead.',
      description: 'Deprecated: whether UDP is listened on, too. Default false.',
      default: false,
    }),
  ),
  email,
  level: Type.Optional(levelSchema('connections of this inbound')),
  ota,
});

export type InboundSettings = Static<typeof inboundSettings>;

const server = Type.Object({
  address: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'The IP address or name of the server.',
    examples: ['192.0.2.10'],
  }),
  port: Type.Integer({ minimum: 1, maximum: 65535, description: 'The port of the server.', examples: [8388] }),
  method,
  password,
  email,
  level: Type.Optional(levelSchema('connections through this server')),
  ota,
});

export const outboundSettings = Type.Object({
  servers: Type.Array(server, {
    minItems: 1,
    description: 'The servers, used in turn. For TCP, one that cannot be reached is passed over for the next one.',
  }),
});

export type OutboundSettings = Static<typeof outboundSettings>;
export type ServerSettings = Static<typeof server>;
