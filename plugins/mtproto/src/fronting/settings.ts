import { Type, type Static } from '@sluice/plugin-api';

export const DEFAULT_MAX_FRONTED = 1024;

const host = (description: string) =>
  Type.String({ minLength: 1, maxLength: 512, examples: ['www.example.org:443'], description });

const byServerNameHost = Type.String({
  maxLength: 512,
  examples: ['127.0.0.1:8443'],
  description: 'Where connections with this server name are led, in the form of `host`. Needed; no default.',
});

export const frontingSchema = Type.Object(
  {
    host: Type.Optional(
      host(
        'Where connections that are not a user\'s are led: "host:port", or the path of a Unix socket ("/run/nginx.sock", "@name"). It should be the site that the server name stands for. Default: only the names in `byServerName` are led anywhere.',
      ),
    ),
    byServerName: Type.Optional(
      Type.Record(Type.String(), byServerNameHost, {
        examples: [{ 'a.example': '127.0.0.1:8443' }],
        description:
          'Other hosts for some of the names that a TLS hello may ask for: {"a.example": "127.0.0.1:8443"}. A name that is not here goes to `host`. Default {}.',
      }),
    ),
    proxyProtocol: Type.Optional(
      Type.Union(
        [
          Type.Literal(0, { description: 'The host is not told.' }),
          Type.Literal(1, { description: 'By a line of text.' }),
          Type.Literal(2, { description: 'In the binary form.' }),
        ],
        {
          default: 0,
          description:
            'Which version of the PROXY protocol tells the host where the visitor is from: 1, 2, or 0 for none. The host must expect it. Default 0.',
        },
      ),
    ),
    maxConnections: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        default: DEFAULT_MAX_FRONTED,
        unit: 'connections',
        description: `How many connections may be led there at a time; what comes beyond is dealt with as \`strangers\` says. Each takes two file descriptors. Default ${DEFAULT_MAX_FRONTED}.`,
      }),
    ),
  },
  {
    description:
      "Leads what is not a user's (a wrong secret, an unknown server name, a replay, HTTP, a scanner, noise) byte for byte to a real site, through the router like any other connection, so that whoever probes the port sees that site. Default: see `strangers`.",
  },
);

export type FrontingSettings = Static<typeof frontingSchema>;

export const strangersSchema = Type.Union(
  [
    Type.Literal('drain', { description: 'Reads on in silence until the handshake time is up.' }),
    Type.Literal('close', { description: 'Closes it at once.' }),
  ],
  {
    default: 'drain',
    description:
      'What happens to a connection that is not a user\'s and is not led to a fronted host: "drain" reads on in silence until the handshake time is up, as a port that waits for more; "close" closes it at once. Default "drain".',
  },
);

export type StrangersSetting = Static<typeof strangersSchema>;
