const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';

const pem = (what: string): string[] => [`-----BEGIN ${what}-----`, 'AAAA', `-----END ${what}-----`];
const tlsSettings = {
  serverName: 'example.org',
  alpn: ['h2'],
  allowInsecure: true,
  certificates: [{ usage: 'encipherment', certificate: pem('CERTIFICATE'), key: pem('PRIVATE KEY') }],
};

/** A name, an entry, and the parts that come back in other words. */
type Case = [name: string, entry: object, otherwise?: object];

/** Settings as people write them, and what they come back as where V2Ray says the same in another way. */
export const inbounds: Case[] = [
  ['socks', { protocol: 'socks', settings: {} }, { settings: { auth: 'noauth' } }],
  [
    'socks with all',
    {
      protocol: 'socks',
      settings: {
        auth: 'password',
        accounts: [
          { user: 'ann', pass: 'a1' },
          { user: 'bob', pass: 'ключ' },
        ],
        udp: true,
        ip: '10.0.0.1',
        userLevel: 3,
        timeout: 7,
      },
      sniffing: { enabled: true, destOverride: ['http', 'tls'] },
    },
  ],
  ['http', { protocol: 'http', settings: {} }],
  [
    'http with all',
    {
      protocol: 'http',
      settings: { accounts: [{ user: 'ann', pass: 'a1' }], allowTransparent: true, timeout: 9, userLevel: 1 },
    },
  ],
  ['mtproto', { protocol: 'mtproto', settings: { users: [{ email: 'love@example.com', level: 8, secret }] } }],
  [
    'dokodemo-door',
    {
      protocol: 'dokodemo-door',
      settings: { address: '2001:db8::1', port: 53, network: 'tcp,udp', timeout: 5, userLevel: 2 },
    },
  ],
  [
    'dokodemo-door to a name, transparent',
    {
      protocol: 'dokodemo-door',
      settings: { address: 'example.org', port: 80, network: 'udp', followRedirect: true },
    },
  ],
  [
    'a range of ports on all of IPv6',
    { protocol: 'http', settings: {}, port: '2000-2010', listen: '::', sniffing: { enabled: false } },
    { sniffing: { enabled: false, destOverride: [] } },
  ],
  [
    'WebSocket and TLS',
    {
      protocol: 'socks',
      settings: { auth: 'noauth' },
      streamSettings: {
        network: 'ws',
        security: 'tls',
        wsSettings: { path: '/a', headers: { Host: 'example.org' } },
        tlsSettings,
        sockopt: { mark: 5, tcpFastOpen: true, tproxy: 'redirect' },
      },
    },
    {
      streamSettings: {
        network: 'websocket',
        security: 'tls',
        wsSettings: { path: '/a', headers: { Host: 'example.org' } },
        tlsSettings,
        sockopt: { mark: 5, tcpFastOpen: true, tproxy: 'redirect' },
      },
    },
  ],
  [
    'a Unix socket',
    {
      protocol: 'socks',
      settings: { auth: 'noauth' },
      streamSettings: { network: 'domainsocket', dsSettings: { path: '/run/a', abstract: true } },
    },
  ],
  [
    'ports by chance',
    {
      protocol: 'http',
      settings: {},
      port: '3000-3009',
      allocate: { strategy: 'random', concurrency: 2, refresh: 4 },
    },
  ],
];

export const outbounds: Case[] = [
  ['freedom', { protocol: 'freedom', settings: {} }, { settings: { domainStrategy: 'AsIs' } }],
  ...['UseIP', 'UseIPv4', 'UseIPv6'].map((domainStrategy): Case => [
    domainStrategy,
    { protocol: 'freedom', settings: { domainStrategy } },
  ]),
  ...['127.0.0.1:8080', ':443', 'example.org:0', '[2001:db8::1]:1'].map((redirect): Case => [
    `freedom to ${redirect}`,
    { protocol: 'freedom', settings: { domainStrategy: 'AsIs', redirect, timeout: 3, userLevel: 4 } },
  ]),
  ['blackhole', { protocol: 'blackhole', settings: {} }],
  ['blackhole with nothing', { protocol: 'blackhole', settings: { response: { type: 'none' } } }],
  ['blackhole with HTTP', { protocol: 'blackhole', settings: { response: { type: 'http' } } }],
  ['dns', { protocol: 'dns', settings: {} }],
  ['dns to a server', { protocol: 'dns', settings: { network: 'tcp', address: '8.8.8.8', port: 53 } }],
  ['mtproto', { protocol: 'mtproto', settings: {} }],
  [
    'socks',
    {
      protocol: 'socks',
      settings: { servers: [{ address: '10.0.0.1', port: 1080, users: [{ user: 'u', pass: 'p', level: 2 }] }] },
    },
  ],
  [
    'http, through another and from an address',
    {
      protocol: 'http',
      settings: {
        servers: [
          { address: 'proxy.example', port: 8080, users: [{ user: 'u', pass: 'p' }] },
          { address: '10.0.0.2', port: 8081 },
        ],
      },
      proxySettings: { tag: 'other' },
      sendThrough: '10.0.0.9',
    },
  ],
  ['mux', { protocol: 'freedom', settings: { domainStrategy: 'AsIs' }, mux: { enabled: true, concurrency: 4 } }],
];
