/** A configuration that both V2Ray and we are asked about. */
export interface CorpusCase {
  readonly name: string;
  /** One text, or several for -config given several times. */
  readonly text: string | readonly string[];
  /** Where we decide otherwise on purpose: why, and the diagnostic that says so if we refuse. */
  readonly differs?: { readonly why: string; readonly code?: string };
  /** Further environment of both. */
  readonly env?: Readonly<Record<string, string>>;
}

const json = (value: unknown): string => JSON.stringify(value);
const inbound = (more: object = {}): string =>
  json({ inbounds: [{ tag: 'in', listen: '127.0.0.1', port: 1080, protocol: 'socks', ...more }] });
const outbound = (more: object = {}): string => json({ outbounds: [{ tag: 'out', protocol: 'freedom', ...more }] });
const rules = (...list: readonly object[]): string =>
  json({
    inbounds: [{ tag: 'in', listen: '127.0.0.1', port: 1080, protocol: 'socks' }],
    outbounds: [{ tag: 'out', protocol: 'freedom' }],
    routing: { rules: list },
  });
const balanced = (more: object): string =>
  json({
    outbounds: [{ tag: 'a', protocol: 'freedom' }],
    routing: {
      balancers: [{ tag: 'b', selector: ['a'], ...more }],
      rules: [{ type: 'field', port: 80, balancerTag: 'b' }],
    },
  });
const reversed = (reverse: object): string => json({ outbounds: [{ tag: 'out', protocol: 'freedom' }], reverse });
const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';

const same: readonly CorpusCase[] = [
  { name: 'an empty object', text: '{}' },
  { name: 'line, hash and block comments', text: '// a\n{ # b\n "log": /* c */ {} }\n# d' },
  { name: 'keys in any case', text: inbound().replaceAll('"port"', '"PORT"').replaceAll('"inbounds"', '"InBounds"') },
  { name: 'a protocol in any case', text: inbound({ protocol: 'SOCKS' }) },
  { name: 'unknown keys', text: '{"whatever": {"a": 1}, "log": {"lvl": 1}}' },
  {
    name: 'null everywhere',
    text: '{"log": null, "inbounds": null, "outbounds": null, "routing": null, "stats": null}',
  },
  { name: 'a key that stands twice', text: '{"log": {"loglevel": "info", "loglevel": "debug"}}' },
  { name: 'text after the object', text: '{} and more' },
  { name: 'an empty file', text: '' },
  { name: 'a list', text: '[]' },
  { name: 'a missing comma', text: '{"log": {} "stats": {}}' },
  { name: 'single quotes', text: "{'log': {}}" },
  { name: 'the log object', text: json({ log: { access: 'none', error: '', loglevel: 'Debug' } }) },
  { name: 'an unknown log level', text: json({ log: { loglevel: 'chatty' } }) },
  { name: 'a log level of the wrong type', text: json({ log: { loglevel: 5 } }) },
  { name: 'a port in a string', text: inbound({ port: '1080' }) },
  { name: 'a range of ports', text: inbound({ port: '1080-1090' }) },
  { name: 'a port from the environment', text: inbound({ port: 'env:CORPUS_PORT' }), env: { CORPUS_PORT: '1081' } },
  { name: 'a port from an unset variable', text: inbound({ port: 'env:CORPUS_NO_PORT' }) },
  { name: 'no port', text: inbound({ port: null }) },
  { name: 'port 70000', text: inbound({ port: 70000 }) },
  { name: 'a reversed range', text: inbound({ port: '1090-1080' }) },
  { name: 'a list of ports', text: inbound({ port: '1080,1090' }) },
  { name: 'a Unix socket without a port', text: inbound({ listen: '/tmp/corpus.sock', port: null }) },
  { name: 'localhost', text: inbound({ listen: 'localhost' }) },
  { name: 'IPv6 in brackets', text: inbound({ listen: '[::1]' }) },
  { name: 'a name to listen on', text: inbound({ listen: 'example.org' }) },
  { name: 'no protocol', text: inbound({ protocol: null }) },
  { name: 'an unknown protocol', text: inbound({ protocol: 'sockz' }) },
  { name: 'settings of the wrong type', text: inbound({ settings: [] }) },
  { name: 'sniffing', text: inbound({ sniffing: { enabled: true, destOverride: 'http,tls' } }) },
  { name: 'an unknown sniffer', text: inbound({ sniffing: { enabled: true, destOverride: ['carrier-pigeon'] } }) },
  { name: 'ports that are always open', text: inbound({ allocate: { strategy: 'Always', refresh: 5 } }) },
  { name: 'an unknown allocation strategy', text: inbound({ allocate: { strategy: 'sometimes' } }) },
  { name: 'an unknown network', text: outbound({ streamSettings: { network: 'carrier-pigeon' } }) },
  { name: 'tcp in any case', text: outbound({ streamSettings: { network: 'TCP', security: '' } }) },
  { name: 'sendThrough an IP', text: outbound({ sendThrough: '127.0.0.1' }) },
  { name: 'sendThrough a name', text: outbound({ sendThrough: 'example.org' }) },
  { name: 'proxySettings without a tag', text: outbound({ proxySettings: {} }) },
  { name: 'mux that is off', text: outbound({ mux: { enabled: false, concurrency: 8 } }) },
  { name: 'too much mux', text: outbound({ mux: { enabled: false, concurrency: 2000 } }) },
  { name: 'a rule', text: rules({ type: 'field', inboundTag: ['in'], port: '53,443,1000-2000', outboundTag: 'out' }) },
  { name: 'a rule type in capitals', text: rules({ type: 'FIELD', network: 'tcp,udp', outboundTag: 'out' }) },
  {
    name: 'lists in one string',
    text: rules({ type: 'field', inboundTag: 'in,other', domain: 'a.org,full:b.org', outboundTag: 'out' }),
  },
  {
    name: 'domains and IPs',
    text: rules({
      type: 'field',
      domain: ['keyword:a', 'domain:b', 'full:c', 'regexp:^d$'],
      ip: ['10.0.0.0/8', '::1'],
      outboundTag: 'out',
    }),
  },
  { name: 'a rule without a type', text: rules({ port: 80, outboundTag: 'out' }) },
  { name: 'a rule of another type', text: rules({ type: 'plain', port: 80, outboundTag: 'out' }) },
  { name: 'a rule without a condition', text: rules({ type: 'field', outboundTag: 'out' }) },
  { name: 'a rule that leads nowhere', text: rules({ type: 'field', port: 80 }) },
  { name: 'a bad CIDR', text: rules({ type: 'field', ip: ['10.0.0.0/99'], outboundTag: 'out' }) },
  { name: 'an unknown inboundTag', text: rules({ type: 'field', inboundTag: ['nobody'], outboundTag: 'out' }) },
  { name: 'an unknown domainStrategy', text: json({ routing: { domainStrategy: 'Guess' } }) },
  {
    name: 'routing.settings',
    text: json({
      outbounds: [{ tag: 'out', protocol: 'freedom' }],
      routing: {
        strategy: 'rules',
        settings: { domainStrategy: 'IPIfNonMatch', rules: [{ type: 'field', port: 80, outboundTag: 'out' }] },
      },
    }),
  },
  {
    name: 'inbound, outbound and detours',
    text: json({
      port: 1080,
      inbound: { protocol: 'socks' },
      outbound: { protocol: 'freedom' },
      inboundDetour: [{ port: 1081, protocol: 'http' }],
      outboundDetour: [{ protocol: 'blackhole' }],
    }),
  },
  { name: 'an inboundDetour of the wrong type', text: json({ inboundDetour: 5 }) },
  {
    name: 'policy',
    text: json({
      policy: {
        levels: {
          0: { handshake: 4, connIdle: 300, uplinkOnly: 2, downlinkOnly: 5, statsUserUplink: true, bufferSize: 10240 },
        },
        system: { statsInboundUplink: true },
      },
      stats: {},
    }),
  },
  { name: 'a level that is no number', text: json({ policy: { levels: { zero: {} } } }) },
  { name: 'a time in a string', text: json({ policy: { levels: { 0: { handshake: '4' } } } }) },
  { name: 'a time below zero', text: json({ policy: { levels: { 0: { handshake: -1 } } } }) },
  { name: 'stats of the wrong type', text: '{"stats": 5}' },
  {
    name: 'mtproto in and out',
    text: json({
      inbounds: [
        { tag: 'tg-in', port: 4430, protocol: 'mtproto', settings: { users: [{ email: 'a@b', level: 0, secret }] } },
      ],
      outbounds: [{ tag: 'tg-out', protocol: 'mtproto', settings: {} }],
      routing: { rules: [{ type: 'field', inboundTag: ['tg-in'], outboundTag: 'tg-out' }] },
    }),
  },
  {
    name: 'socks with users',
    text: inbound({
      settings: { auth: 'password', accounts: [{ user: 'a', pass: 'b' }], udp: true, ip: '127.0.0.1', userLevel: 0 },
    }),
  },
  {
    name: 'http with users',
    text: inbound({
      protocol: 'http',
      settings: { accounts: [{ user: 'a', pass: 'b' }], allowTransparent: false, timeout: 30 },
    }),
  },
  {
    name: 'dokodemo-door',
    text: inbound({
      protocol: 'dokodemo-door',
      settings: { address: '127.0.0.1', port: 80, network: 'tcp,udp', timeout: 0, followRedirect: false },
    }),
  },
  {
    name: 'freedom and blackhole',
    text: json({
      outbounds: [
        { protocol: 'freedom', settings: { domainStrategy: 'UseIP', redirect: '127.0.0.1:3366', userLevel: 0 } },
        { protocol: 'blackhole', settings: { response: { type: 'http' } } },
      ],
    }),
  },
  {
    name: 'socks and http outbounds',
    text: json({
      outbounds: [
        {
          protocol: 'socks',
          settings: { servers: [{ address: '127.0.0.1', port: 1234, users: [{ user: 'a', pass: 'b', level: 0 }] }] },
        },
        { protocol: 'http', settings: { servers: [{ address: '127.0.0.1', port: 3128 }] } },
      ],
    }),
  },
  {
    name: 'a second file that replaces a broken inbound by its tag',
    text: [inbound({ protocol: 'sockz' }), inbound()],
  },
  {
    name: 'a second file beside a broken inbound',
    text: [inbound({ protocol: 'sockz' }), inbound({ tag: 'other', port: 1081 })],
  },
  {
    name: 'a second file of two inbounds in the place of a broken one',
    text: [
      inbound({ protocol: 'sockz' }),
      json({
        inbounds: [
          { port: 1, protocol: 'socks' },
          { port: 2, protocol: 'http' },
        ],
      }),
    ],
  },
  {
    name: 'a second file that replaces an inbound without a tag',
    text: [inbound({ tag: null, protocol: 'sockz' }), inbound({ tag: null })],
  },
  {
    name: 'a second file whose log replaces a broken one',
    text: [
      json({ outbounds: [{ tag: 'a', protocol: 'freedom' }] }),
      json({ log: {}, outbounds: [{ tag: 'b', protocol: 'freedom' }] }),
    ],
  },
  { name: 'an empty reverse', text: reversed({}) },
  {
    name: 'bridges and portals',
    text: reversed({ bridges: [{ tag: 'b', domain: 'a.org' }], portals: [{ tag: 'p', domain: 'a.org' }] }),
  },
  {
    name: 'two bridges of one tag',
    text: reversed({
      bridges: [
        { tag: 'b', domain: 'a.org' },
        { tag: 'b', domain: 'b.org' },
      ],
    }),
  },
  { name: 'a bridge without a tag', text: reversed({ bridges: [{ domain: 'a.org' }] }) },
  { name: 'a bridge with an empty domain', text: reversed({ bridges: [{ tag: 'b', domain: '' }] }) },
  { name: 'a portal without a domain', text: reversed({ portals: [{ tag: 'p' }] }) },
  {
    name: 'a rule that leads to a portal, for what comes from a bridge',
    text: json({
      outbounds: [{ tag: 'out', protocol: 'freedom' }],
      reverse: { bridges: [{ tag: 'b', domain: 'a.org' }], portals: [{ tag: 'p', domain: 'b.org' }] },
      routing: { rules: [{ type: 'field', inboundTag: ['b'], outboundTag: 'p' }] },
    }),
  },
];

const otherwise: readonly CorpusCase[] = [
  { name: 'a byte order mark', text: '\uFEFF{}', differs: { why: 'V2Ray panics; the text is clear' } },
  { name: 'trailing commas', text: '{"log": {},}', differs: { why: 'V2Ray panics; the text is clear' } },
  {
    name: 'spaces around a port',
    text: inbound({ port: ' 1080 ' }),
    differs: { why: 'V2Ray panics; the value is clear' },
  },
  {
    name: 'a Unix socket by streamSettings without a port',
    text: inbound({
      port: null,
      listen: null,
      streamSettings: { network: 'ds', dsSettings: { path: '/tmp/corpus.sock' } },
    }),
    differs: { why: 'a Unix socket needs no port' },
  },
  {
    name: 'port 0',
    text: inbound({ port: 0 }),
    differs: { why: 'nobody could know which port it is', code: 'C_PORT' },
  },
  {
    name: 'two inbounds with one tag',
    text: json({
      inbounds: [
        { tag: 'a', port: 1, protocol: 'socks' },
        { tag: 'a', port: 2, protocol: 'socks' },
      ],
    }),
    differs: { why: 'V2Ray never opens the first', code: 'C_DUPLICATE_TAG' },
  },
  {
    name: 'two inbounds on one port',
    text: json({
      inbounds: [
        { tag: 'a', port: 1, protocol: 'socks' },
        { tag: 'b', port: 1, protocol: 'http' },
      ],
    }),
    differs: { why: 'the second could not listen', code: 'C_LISTEN_CONFLICT' },
  },
  {
    name: 'an unknown outboundTag',
    text: rules({ type: 'field', port: 80, outboundTag: 'nobody' }),
    differs: { why: 'V2Ray would use the default outbound', code: 'C_UNKNOWN_OUTBOUND' },
  },
  {
    name: 'an unknown proxySettings.tag',
    text: outbound({ proxySettings: { tag: 'nobody' } }),
    differs: { why: 'V2Ray would dial directly', code: 'C_UNKNOWN_OUTBOUND' },
  },
  {
    name: 'outbounds in a circle',
    text: json({
      outbounds: [
        { tag: 'a', protocol: 'freedom', proxySettings: { tag: 'b' } },
        { tag: 'b', protocol: 'freedom', proxySettings: { tag: 'a' } },
      ],
    }),
    differs: { why: 'no connection would ever be made', code: 'C_OUTBOUND_LOOP' },
  },
  {
    name: 'an unknown security',
    text: outbound({ streamSettings: { security: 'xtls' } }),
    differs: { why: 'V2Ray would send plaintext', code: 'C_VALUE' },
  },
  {
    name: 'a reversed range in a rule',
    text: rules({ type: 'field', port: '2000-1000', outboundTag: 'out' }),
    differs: { why: 'the rule would never match', code: 'C_CHECK' },
  },
  {
    name: 'a Unix socket network without its path',
    text: outbound({ streamSettings: { network: 'ds' } }),
    differs: { why: 'no connection could be made', code: 'C_MISSING' },
  },
  {
    name: 'TLS',
    text: outbound({ streamSettings: { security: 'tls' } }),
    differs: { why: 'not available yet', code: 'C_UNAVAILABLE' },
  },
  {
    name: 'WebSocket',
    text: outbound({ streamSettings: { network: 'ws' } }),
    differs: { why: 'not available yet', code: 'C_UNAVAILABLE' },
  },
  {
    name: 'mux',
    text: outbound({ mux: { enabled: true } }),
    differs: { why: 'not available yet', code: 'C_UNAVAILABLE' },
  },
  {
    name: 'random ports',
    text: inbound({ port: '1080-1090', allocate: { strategy: 'random' } }),
    differs: { why: 'not available yet', code: 'C_UNAVAILABLE' },
  },
  { name: 'a balancer', text: balanced({}) },
  { name: 'a selector as a text', text: balanced({ selector: 'a,b' }) },
  { name: 'a selector of no outbound', text: balanced({ selector: ['x'] }) },
  { name: 'a strategy', text: balanced({ strategy: { type: 'RANDOM' } }) },
  { name: 'a balancer without a tag', text: balanced({ tag: '' }) },
  { name: 'a balancer without a selector', text: balanced({ selector: [] }) },
  { name: 'a balancerTag that no balancer has', text: balanced({ tag: 'c' }) },
  {
    name: 'an observatory',
    text: json({
      observatory: {
        SubjectSelector: ['a'],
        probeUrl: 'https://a.example/',
        probeInterval: '1m',
        enableConcurrency: true,
      },
    }),
  },
  {
    name: 'a fallback that is not there',
    text: balanced({ fallbackTag: 'x' }),
    differs: { why: 'V2Ray 4.34 knows no fallback', code: 'C_UNKNOWN_OUTBOUND' },
  },
  {
    name: 'api',
    text: json({ api: { tag: 'api', services: ['StatsService'] } }),
    differs: { why: 'not available yet', code: 'C_UNAVAILABLE' },
  },
  {
    name: 'a bridge whose domain is an address',
    text: reversed({ bridges: [{ tag: 'b', domain: '127.0.0.1' }] }),
    differs: { why: 'no portal would take it for a bridge', code: 'C_CHECK' },
  },
  {
    name: 'two portals of one tag',
    text: reversed({
      portals: [
        { tag: 'p', domain: 'a.org' },
        { tag: 'p', domain: 'b.org' },
      ],
    }),
    differs: { why: 'V2Ray fails only when it starts', code: 'C_CHECK' },
  },
  {
    name: 'vmess',
    text: outbound({
      protocol: 'vmess',
      settings: { vnext: [{ address: '127.0.0.1', port: 1, users: [{ id: 'a3482e88-686a-4a58-8126-99c9df64b7bf' }] }] },
    }),
    differs: { why: 'not available yet', code: 'C_UNKNOWN_PROTOCOL' },
  },
];

export const corpus: readonly CorpusCase[] = [...same, ...otherwise];
