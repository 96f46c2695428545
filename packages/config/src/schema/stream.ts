import { Type, type TSchema } from '@sluice/plugin-api';

/** Settings of a transport that is not there yet: read by nobody, refused with the transport itself. */
function later(what: string) {
  return Type.Optional(
    Type.Object(
      {},
      { additionalProperties: true, description: `Settings of ${what}, which is not available yet. Default: none.` },
    ),
  );
}

const tcpSettings = Type.Object(
  {
    header: Type.Optional(
      Type.Object(
        {
          type: Type.Optional(
            Type.Unsafe<string>({
              type: 'string',
              enum: ['none', 'http'],
              enumDescriptions: ['No disguise.', 'HTTP requests and responses. Not available yet.'],
              default: 'none',
              description: 'A disguise of the stream: "none", or "http", which is not available yet. Default "none".',
            }),
          ),
          request: later("the HTTP disguise's requests"),
          response: later("the HTTP disguise's responses"),
        },
        { additionalProperties: false, description: 'A disguise of the stream. Default: none.' },
      ),
    ),
    acceptProxyProtocol: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether clients come through a proxy that sends a PROXY protocol header. Not available yet. Default false.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Settings of the "tcp" network. Default: none.' },
);

const dsSettings = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        examples: ['/run/sluice.sock', '@sluice'],
        description:
          'The path of the Unix socket. A leading "@" makes it abstract (Linux). Needed for the "ds" network; no default.',
      }),
    ),
    abstract: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the path names an abstract socket (Linux). Default false.',
      }),
    ),
    padding: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether an abstract name is padded with zeros to its full size, as HAProxy does. Not available yet. Default false.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Settings of the "ds" (Unix socket) network. Default: none.' },
);

const sockopt = Type.Object(
  {
    mark: Type.Optional(
      Type.Integer({
        default: 0,
        unit: 'mark',
        examples: [0],
        description: 'SO_MARK of outbound connections (Linux). 0 is no mark; others are not available yet. Default 0.',
      }),
    ),
    tcpFastOpen: Type.Optional(
      Type.Boolean({
        description: "TCP Fast Open. Has no effect: the system's setting counts. Default: the system's.",
      }),
    ),
    tproxy: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['off', 'redirect', 'tproxy'],
        enumDescriptions: [
          'No transparent proxying.',
          'Targets as the firewall has redirected them. Not available yet.',
          'Targets and sources as TPROXY keeps them. Not available yet.',
        ],
        default: 'off',
        fallback: 'off',
        description:
          'Transparent proxying (Linux): "off", or "redirect" and "tproxy", which are not available yet. Default "off".',
      }),
    ),
    acceptProxyProtocol: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether clients come through a proxy that sends a PROXY protocol header. Not available yet. Default false.',
      }),
    ),
    tcpKeepAliveInterval: Type.Optional(
      Type.Integer({
        unit: 'seconds',
        examples: [15],
        description:
          "Time between keep-alive probes, in seconds. Has no effect: the system's setting counts. Default: the system's.",
      }),
    ),
  },
  { additionalProperties: false, description: 'Options of the sockets. Default: none.' },
);

export const transportParts = {
  tcpSettings: Type.Optional(tcpSettings),
  kcpSettings: later('the "kcp" network'),
  wsSettings: later('the "ws" network'),
  httpSettings: later('the "h2" network'),
  dsSettings: Type.Optional(dsSettings),
  quicSettings: later('the "quic" network'),
};

/** What plugins bring for `streamSettings`: descriptions and schemas of settings by name. */
export interface StreamLayers {
  readonly transports: readonly LayerSchema[];
  readonly securities: readonly LayerSchema[];
}

export interface LayerSchema {
  readonly name: string;
  readonly description: string;
  readonly settings: TSchema;
}

export const NO_LAYERS: StreamLayers = { transports: [], securities: [] };

/** The key beside `network` or `security` under which a layer's settings stand. */
export function layerSettingsKey(name: string): string {
  return `${name}Settings`;
}

const NETWORKS: Readonly<Record<string, string>> = {
  tcp: 'TCP.',
  ds: 'A Unix socket (`dsSettings`).',
  domainsocket: 'Another name of "ds".',
  kcp: 'mKCP over UDP. Not available yet.',
  mkcp: 'Another name of "kcp". Not available yet.',
  ws: 'WebSocket. Not available yet.',
  websocket: 'Another name of "ws". Not available yet.',
  h2: 'HTTP/2. Not available yet.',
  http: 'Another name of "h2". Not available yet.',
  quic: 'QUIC. Not available yet.',
};

const SECURITIES: Readonly<Record<string, string>> = {
  none: 'No encryption.',
  tls: 'TLS. Not available yet.',
  '': 'The same as "none".',
};

/** Values that an enum has, with those of plugins, which may bring what is not available yet. */
function choice(own: Readonly<Record<string, string>>, layers: readonly LayerSchema[]) {
  const all = { ...own, ...Object.fromEntries(layers.map(({ name, description }) => [name, description])) };
  return { type: 'string', enum: Object.keys(all), enumDescriptions: Object.values(all) };
}

/** `streamSettings`, with what plugins bring. */
export function streamSchema({ transports, securities }: StreamLayers): TSchema {
  const settings = [...transports, ...securities].map((layer) => [
    layerSettingsKey(layer.name),
    Type.Optional(layer.settings),
  ]);
  return Type.Object(
    {
      network: Type.Optional(
        Type.Unsafe<string>({
          ...choice(NETWORKS, transports),
          aliases: { domainsocket: 'ds', mkcp: 'kcp', websocket: 'ws', http: 'h2' },
          default: 'tcp',
          description:
            'What carries the protocol: "tcp", "ds" for a Unix socket, or a transport of a plugin. V2Ray\'s "kcp", "ws", "h2" and "quic" are not available yet. Default "tcp".',
        }),
      ),
      security: Type.Optional(
        Type.Unsafe<string>({
          ...choice(SECURITIES, securities),
          aliases: { '': 'none' },
          default: 'none',
          description:
            'What encrypts the connection: "none", a security of a plugin, or "tls", which is not available yet. Default "none".',
        }),
      ),
      ...transportParts,
      tlsSettings: later('"tls" security'),
      ...(Object.fromEntries(settings) as Record<string, TSchema>),
      sockopt: Type.Optional(sockopt),
    },
    { additionalProperties: false, description: "What carries the protocol's bytes. Default: plain TCP." },
  );
}
