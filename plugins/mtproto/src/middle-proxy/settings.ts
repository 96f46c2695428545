import { Type, type Static } from '@sluice/plugin-api';

const HOUR = 3600;
export const DEFAULT_REFRESH = 24 * HOUR;
export const DEFAULT_SECRET_URL = 'https://core.telegram.org/getProxySecret';
export const DEFAULT_CONFIG_URL = 'https://core.telegram.org/getProxyConfig';
export const DEFAULT_CONFIG_URL_V6 = 'https://core.telegram.org/getProxyConfigV6';

/** An ad tag, of an inbound or of one of its users. */
export const adTagSchema = Type.String({
  pattern: '^[0-9a-fA-F]{32}$',
  examples: ['0123456789abcdef0123456789abcdef'],
  description:
    "The tag that Telegram's @MTProxybot gives for a proxy: 32 hexadecimal digits. With it the connections go through Telegram's middle proxies, which show the channel that you promote there; the tag of a user counts instead of the inbound's. Default: no tag, and connections go to the data centres themselves, which is faster.",
});

const url = (what: string, value: string) =>
  Type.String({
    maxLength: 2048,
    default: value,
    description: `Where ${what} is fetched from: an https:// address, or an http:// one, which anybody on the way can forge. It is fetched through the router, as if it came in by this inbound. Default "${value}".`,
  });

export const middleProxySchema = Type.Object(
  {
    secretUrl: Type.Optional(url("the middle proxies' secret", DEFAULT_SECRET_URL)),
    configUrl: Type.Optional(url("the list of the middle proxies' IPv4 addresses", DEFAULT_CONFIG_URL)),
    configUrlV6: Type.Optional(url("the list of the middle proxies' IPv6 addresses", DEFAULT_CONFIG_URL_V6)),
    cacheFolder: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        examples: ['/var/cache/sluice'],
        description:
          'A folder in which what was fetched last is kept as proxy-secret, proxy-config and proxy-config-v6, so that a restart does not depend on the network. It is made if it is missing. Default: nothing is kept, and until the first fetch has succeeded connections with a tag go directly.',
      }),
    ),
    refresh: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 7 * 24 * HOUR,
        default: DEFAULT_REFRESH,
        unit: 'seconds',
        description: `After how many seconds secret and lists are fetched again, give or take a tenth. What is known is used on while that fails. Default ${DEFAULT_REFRESH}, a day, as Telegram advises.`,
      }),
    ),
    natAddress: Type.Optional(
      Type.String({
        maxLength: 45,
        examples: ['192.0.2.1'],
        description:
          'The public IP address of this machine, if it is behind NAT: the keys towards the middle proxies are made of both addresses as the middle proxies see them. The NAT has to keep port numbers as they are. It counts for connections of its own address family. Default: the address that a connection has here.',
      }),
    ),
  },
  {
    description:
      "How to reach Telegram's middle proxies. Only connections with an `adTag` use them; without one nothing is fetched. Default {}.",
  },
);

export type MiddleProxySettings = Static<typeof middleProxySchema>;
