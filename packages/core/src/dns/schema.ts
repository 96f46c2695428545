import { Type, type TSchema } from '@sluice/plugin-api';

const strategyDescription =
  'Which addresses are asked for. "UseIP": IPv4 and IPv6. "UseIPv4" and "UseIPv6": only those. Default "UseIP".';

const strategy = (description: string): TSchema =>
  Type.Unsafe<string>({
    type: 'string',
    enum: ['UseIP', 'UseIPv4', 'UseIPv6', 'UseIP4', 'UseIP6', 'UseIp', 'UseIPV4', 'UseIPV6'],
    enumDescriptions: [
      'IPv4 and IPv6.',
      'IPv4 only.',
      'IPv6 only.',
      'Another spelling of "UseIPv4".',
      'Another spelling of "UseIPv6".',
      'Another spelling of "UseIP".',
      'Another spelling of "UseIPv4".',
      'Another spelling of "UseIPv6".',
    ],
    aliases: { UseIP4: 'UseIPv4', UseIP6: 'UseIPv6', UseIp: 'UseIP', UseIPV4: 'UseIPv4', UseIPV6: 'UseIPv6' },
    description,
  });

const strings = (description: string, examples: readonly unknown[] = []): TSchema =>
  Type.Union([Type.Array(Type.String()), Type.String()], { description, examples: [...examples] });

const ADDRESS =
  'The server: an IP (UDP), "tcp://…", "tls://…" (DNS over TLS), "https://…" (DNS over HTTPS), each of them with "+local" before "://" to be asked past the routing, "localhost" for the operating system, or "fakedns" for made-up addresses.';
const CLIENT_IP =
  "An address of the clients' network, told to servers that answer by it (EDNS Client Subnet; 24 bits of IPv4, 56 of IPv6).";

const serverObject = Type.Object(
  {
    address: Type.String({
      description: `${ADDRESS} Needed; no default.`,
      examples: ['1.1.1.1', 'https://1.1.1.1/dns-query'],
    }),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65535,
        unit: 'port',
        examples: [53],
        description: "The server's port, if its address names none. Default 53, 853 for TLS, 443 for HTTPS.",
      }),
    ),
    domains: Type.Optional(
      strings("The names that are asked of this server before all others, as in a rule's `domain`. Default: none.", [
        ['geosite:cn', 'domain:example.org'],
      ]),
    ),
    expectIPs: Type.Optional(
      strings("What an answer must be in, as in a rule's `ip`; other addresses are left out. Default: any.", [
        ['geoip:cn'],
      ]),
    ),
    expectIps: Type.Optional(strings('Another spelling of `expectIPs`. Default: any.', [['geoip:cn']])),
    clientIp: Type.Optional(
      Type.String({ description: `${CLIENT_IP} Default: that of \`dns\`.`, examples: ['192.0.2.0'] }),
    ),
    queryStrategy: Type.Optional(strategy(strategyDescription.replace('Default "UseIP"', 'Default: that of `dns`'))),
    skipFallback: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the server is asked for the names of `domains` only. Default false.',
      }),
    ),
  },
  { additionalProperties: false, description: 'A server, and what it is asked for.' },
);

const hostAddresses = Type.Union([Type.Array(Type.String()), Type.String()], {
  description: 'What the name stands for: an IP, a list of IPs, or another name. Needed; no default.',
  examples: ['192.168.1.1', ['192.168.1.1', 'fd00::1']],
});

export const dnsSchema = Type.Object(
  {
    servers: Type.Optional(
      Type.Array(
        Type.Union([
          Type.String({
            description: ADDRESS,
            examples: ['localhost', '1.1.1.1', 'https+local://1.1.1.1/dns-query', 'fakedns'],
          }),
          serverObject,
        ]),
        {
          description:
            'The servers in order: first those whose `domains` fit, then the others; each has four seconds. Default: ["localhost"].',
          examples: [['https://1.1.1.1/dns-query', 'localhost']],
        },
      ),
    ),
    hosts: Type.Optional(
      Type.Record(Type.String(), hostAddresses, {
        description:
          'Names that need no server: an exact name, or "domain:", "keyword:", "regexp:", "geosite:" as in rules; the value is an IP, a list of IPs, or another name that stands for it. Default {}.',
        examples: [{ 'router.example': '192.168.1.1', 'domain:ads.example': '127.0.0.1' }],
      }),
    ),
    clientIp: Type.Optional(
      Type.String({ description: `${CLIENT_IP} Default: none is told.`, examples: ['192.0.2.0'] }),
    ),
    tag: Type.Optional(
      Type.String({
        default: '',
        examples: ['dns'],
        description:
          "The inbound tag of the servers' connections in rules. Default: none; rules without inboundTag lead them.",
      }),
    ),
    queryStrategy: Type.Optional(strategy(strategyDescription)),
    disableCache: Type.Optional(
      Type.Boolean({ default: false, description: 'Whether every question is asked anew. Default false.' }),
    ),
    cacheSize: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        default: 4096,
        unit: 'answers',
        description: 'How many answers are kept at most, those used last. Default 4096.',
      }),
    ),
    disableFallback: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether a name is asked only of servers that have it among their `domains`, or of the first where none has. Default false.',
      }),
    ),
    disableFallbackIfMatch: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether no other server is asked for a name that is among the `domains` of one. Default false.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'How names are resolved where the configuration wants addresses. Default: by the operating system.',
  },
);

/** What the schema accepts. */
export interface DnsSettings {
  readonly servers?: readonly (string | ServerSettings)[];
  readonly hosts?: Readonly<Record<string, string | readonly string[]>>;
  readonly clientIp?: string;
  readonly tag?: string;
  readonly queryStrategy?: QueryStrategy;
  readonly disableCache?: boolean;
  readonly cacheSize?: number;
  readonly disableFallback?: boolean;
  readonly disableFallbackIfMatch?: boolean;
}

export type QueryStrategy = 'UseIP' | 'UseIPv4' | 'UseIPv6';

export interface ServerSettings {
  readonly address: string;
  readonly port?: number;
  readonly domains?: string | readonly string[];
  readonly expectIPs?: string | readonly string[];
  readonly expectIps?: string | readonly string[];
  readonly clientIp?: string;
  readonly queryStrategy?: QueryStrategy;
  readonly skipFallback?: boolean;
}
