import { Type, type Static } from '@sluice/plugin-api';

/** What a person can count up to: beyond 2^53 - 1 a JSON number is no longer exact. */
const MAX = Number.MAX_SAFE_INTEGER;

const amount = (unit: string, example: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: MAX, unit, examples: [example], description }));

/** Reads come in chunks of up to 64 KiB: what is slower than this would stand still for hours after one. */
const MIN_RATE = 1024;

const speed = (description: string) =>
  Type.Optional(
    Type.Integer({
      minimum: MIN_RATE,
      maximum: MAX,
      unit: 'bytes a second',
      examples: [1_250_000],
      description,
    }),
  );

const addresses = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 65_536,
      examples: [['192.0.2.0/24', '2001:db8::/32']],
      description,
    }),
  );

/** The keys of a user that limit them; to be spread into the user's schema. */
export const limitProperties = {
  maxConnections: amount(
    'connections',
    64,
    'How many connections the user may have open at a time. A Telegram client opens 4 to 16, more while it loads media; the next one beyond the limit is refused. Default: no limit.',
  ),
  maxSourceIPs: amount(
    'addresses',
    3,
    "From how many addresses the user's connections may come at a time: a bound on how widely a secret is shared. Addresses count while they have a connection open; IPv6 addresses count by their /64 network, which is what one household or phone has. Default: no limit.",
  ),
  quota: Type.Optional(
    Type.Object(
      {
        up: amount('bytes', 10_000_000_000, 'Bytes from the user. Default: no limit.'),
        down: amount('bytes', 100_000_000_000, 'Bytes to the user. Default: no limit.'),
        total: amount('bytes', 100_000_000_000, 'Bytes in both directions together. Default: no limit.'),
      },
      {
        description:
          'How many bytes the user may transfer altogether. When one of the amounts is passed, the user\'s connections are ended and further ones refused. What was used is kept over a restart only if "usageFile" is set. Default: no quota.',
      },
    ),
  ),
  expiresAt: Type.Optional(
    Type.String({
      maxLength: 40,
      examples: ['2030-12-31T23:59:59Z'],
      description:
        'Until when the user may use the proxy: a date and time with its offset from UTC (RFC 3339), such as "2030-12-31T23:59:59Z" or "2030-12-31T23:59:59+03:30". At that moment the user\'s connections are ended and further ones refused. Default: never.',
    }),
  ),
  rate: Type.Optional(
    Type.Object(
      {
        up: speed('Bytes a second from the user, at least 1024. Default: no limit.'),
        down: speed('Bytes a second to the user, at least 1024. Default: no limit.'),
      },
      {
        description:
          "How fast the user may transfer, over all of their connections, which share the rate evenly. After a pause the first second's worth passes at once. Limited connections cost more work per byte than others. Default: no limit.",
      },
    ),
  ),
  allow: addresses(
    'The only addresses that the user may come from: IPs ("192.0.2.1") and networks ("192.0.2.0/24", "2001:db8::/32"). Default: any.',
  ),
  deny: addresses(
    'Addresses that the user may not come from, in the form of "allow"; they stay forbidden where "allow" has them too. Default: none.',
  ),
};

/** The inbound's `usageFile`. */
export const usageFileSchema = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 4096,
    examples: ['/var/lib/sluice/usage.json'],
    description:
      'A file that keeps what users with a quota have used, so that a restart does not give them their quota anew. Written at once when a quota is passed, otherwise 10 s after a change and on closing; if the process is killed, at most the bytes of the last 10 s are forgotten. Holds no secrets. Each inbound needs a file of its own. Default: usage is forgotten on a restart.',
  }),
);

/** The same as a schema by itself. */
export const limitSettings = Type.Object(limitProperties);

/** The limits in a user's settings. */
export type LimitSettings = Static<typeof limitSettings>;

/** The limits of a user's settings; undefined for a user without any, who then costs nothing. */
export function limitsOf(user: LimitSettings): LimitSettings | undefined {
  const { maxConnections, maxSourceIPs, quota, expiresAt, rate, allow, deny } = user;
  const given = {
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(maxSourceIPs === undefined ? {} : { maxSourceIPs }),
    ...(hasAny(quota) ? { quota } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(hasAny(rate) ? { rate } : {}),
    ...(allow === undefined || allow.length === 0 ? {} : { allow }),
    ...(deny === undefined || deny.length === 0 ? {} : { deny }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}

function hasAny<T extends object>(of: T | undefined): of is T {
  return of !== undefined && Object.values(of).some((value) => value !== undefined);
}
