import { Type, type TSchema } from '@sluice/plugin-api';
import { streamSchema, type StreamLayers } from './stream.js';

const sniffingSchema = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "Whether to look into a connection's first bytes or packets for its protocol, which rules can match, and for the name of the target. At most 0.3 s and 32 KiB are waited for. Default false.",
      }),
    ),
    destOverride: Type.Optional(
      Type.Union([Type.Array(Type.String()), Type.String()], {
        description:
          'The protocols whose name takes the place of the target: "http", "tls" (also "https", "ssl"), "quic", and "fakedns" (what a made-up address stands for) or "fakedns+others". A list, or one string with commas. Default: none; the protocol alone is found.',
        examples: [['http', 'tls']],
      }),
    ),
    domainsExcluded: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Names that never take the place of the target. Default: none.',
        examples: [['courier.push.apple.com']],
      }),
    ),
    metadataOnly: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether to look at the target only (made-up addresses), not into bytes. Default false.',
      }),
    ),
    routeOnly: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the name that was found serves the rules only, and the connection is made to the target that was asked for. Default false.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Finding the protocol and the target's name in a connection's first bytes. Default: off.",
  },
);

const allocateSchema = Type.Object(
  {
    strategy: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['always', 'random'],
        enumDescriptions: ['Every port of the range is open.', 'Some are open in turn. Not available yet.'],
        default: 'always',
        description:
          'Which ports are open. "always" opens every port of the range; "random" opens some in turn and is not available yet. Default "always".',
      }),
    ),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 0,
        default: 3,
        unit: 'ports',
        description: 'With "random": how many ports are open at once. Default 3.',
      }),
    ),
    refresh: Type.Optional(
      Type.Integer({
        minimum: 0,
        default: 5,
        unit: 'minutes',
        description: 'With "random": how long a port stays open, in minutes. Default 5.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Which ports of a range are open. Default: all.' },
);

/** An entry of `inbounds`; its `settings` are its protocol's. */
export function inboundSchema(layers: StreamLayers): TSchema {
  return Type.Object(
    {
      tag: Type.Optional(
        Type.String({
          default: '',
          examples: ['socks-in'],
          description:
            "The inbound's name in rules, logs and counters; no other inbound may have it. Default: none; without one nothing is counted.",
        }),
      ),
      listen: Type.Optional(
        Type.String({
          default: '0.0.0.0',
          description:
            'Where to listen: an IP, "localhost", or a Unix socket as "/path" or "@abstract-name". Default "0.0.0.0": every network, IPv4 and IPv6, so that anyone who reaches the machine can connect.',
          examples: ['127.0.0.1', '::1', '/run/sluice.sock'],
        }),
      ),
      port: Type.Optional(
        Type.Union([Type.Integer(), Type.String()], {
          description:
            'A port from 1 to 65535, an inclusive range as "1000-1010", or "env:NAME" for what that environment variable says. Needed unless `listen` is a Unix socket; no default.',
          examples: [1080, '1000-1010', 'env:PORT'],
          unit: 'port',
        }),
      ),
      protocol: Type.String({ description: 'The protocol that clients speak. Needed; no default.' }),
      settings: Type.Optional(
        Type.Object({}, { additionalProperties: true, description: "The protocol's own settings. Default {}." }),
      ),
      streamSettings: Type.Optional(streamSchema(layers)),
      sniffing: Type.Optional(sniffingSchema),
      allocate: Type.Optional(allocateSchema),
      domainOverride: Type.Optional(
        Type.Union([Type.Array(Type.String()), Type.String()], {
          deprecated: true,
          deprecationMessage: 'Write `sniffing.destOverride`.',
          examples: [['http', 'tls']],
          description: 'The older form of `sniffing.destOverride`, which turns sniffing on. Default: none.',
        }),
      ),
    },
    { additionalProperties: false, description: 'A place where clients connect.' },
  );
}
