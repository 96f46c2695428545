import { inbound, outbound } from '../load.fixture.js';
import { balanced, routed, rule, stream, type Case } from './error-cases.fixture.js';

export const warnings: readonly Case[] = [
  ['an unknown key', { lgo: {} }, 'C_UNKNOWN_KEY', '/lgo', '"lgo"'],
  [
    'an unknown inboundTag',
    routed({ inboundTag: ['on'] }),
    'C_UNKNOWN_INBOUND',
    '/routing/rules/0/inboundTag/0',
    '"on"',
  ],
  [
    'an unknown inboundTag in a string',
    routed({ InboundTag: 'on' }),
    'C_UNKNOWN_INBOUND',
    '/routing/rules/0/InboundTag',
    '"on"',
  ],
  [
    'the older form of sniffing',
    { inbounds: [inbound({ domainOverride: ['http'] })] },
    'C_DEPRECATED',
    '/inbounds/0/domainOverride',
    '"domainOverride"',
  ],
  ['dns', { dns: { servers: ['localhost'] } }, 'C_IGNORED', '/dns', '"dns"', /resolved by the system/],
  ['transport', { transport: { wsSettings: {} } }, 'C_IGNORED', '/transport', '"transport"'],
  ['services', { services: {} }, 'C_IGNORED', '/services', '"services"'],
  ['browserForwarder', { browserForwarder: {} }, 'C_IGNORED', '/browserForwarder', '"browserForwarder"'],
  [
    'a balancerTag beside an outboundTag',
    routed({ balancerTag: 'b' }),
    'C_IGNORED',
    '/routing/rules/0/balancerTag',
    '"b"',
  ],
  [
    'a selector that no outbound has',
    balanced({ selector: ['out', 'proxy-'] }),
    'C_EMPTY_SELECTOR',
    '/routing/balancers/0/selector/1',
    '"proxy-"',
  ],
  [
    'a strategy that needs an observatory',
    balanced({ strategy: 'best' }),
    'C_UNOBSERVED',
    '/routing/balancers/0/strategy',
    '"best"',
  ],
  [
    'settings of another network',
    stream({ wsSettings: {} }),
    'C_IGNORED',
    '/inbounds/0/streamSettings/wsSettings',
    '"wsSettings"',
  ],
  [
    'settings of TLS without it',
    stream({ tlsSettings: {} }),
    'C_IGNORED',
    '/inbounds/0/streamSettings/tlsSettings',
    '"tlsSettings"',
  ],
  [
    'fast open',
    stream({ sockopt: { tcpFastOpen: true } }),
    'C_IGNORED',
    '/inbounds/0/streamSettings/sockopt/tcpFastOpen',
    '"tcpFastOpen"',
  ],
  [
    'a mark on an inbound',
    stream({ sockopt: { mark: 1 } }),
    'C_IGNORED',
    '/inbounds/0/streamSettings/sockopt/mark',
    '1',
  ],
  [
    'a buffer size',
    { policy: { levels: { 0: { bufferSize: 4 } } } },
    'C_IGNORED',
    '/policy/levels/0/bufferSize',
    '"bufferSize"',
  ],
  ['a domain matcher', { routing: { domainMatcher: 'mph' } }, 'C_IGNORED', '/routing/domainMatcher', '"domainMatcher"'],
  ['an older form', { outbound: outbound() }, 'C_DEPRECATED', '/outbound', '"outbound"'],
  [
    'a rule that an earlier one hides',
    {
      outbounds: [outbound(), outbound({ tag: 'b' })],
      routing: { rules: [rule({}), rule({ domain: ['a'], outboundTag: 'b' })] },
    },
    'C_HIDDEN_RULE',
    '/routing/rules/1',
    '{',
    /an earlier one takes all that it would match: \/routing\/rules\/0 in config\.json, line 14$/,
  ],
  [
    "a plugin's advice",
    { inbounds: [inbound({ settings: { users: [{ name: 'root', secret: 'a' }] } })] },
    'C_CHECK',
    '/inbounds/0/settings/users/0/name/deeper',
    '"root"',
  ],
];

export const hints: readonly Case[] = [
  [
    'a rule that an earlier one hides, to the same place',
    { outbounds: [outbound()], routing: { rules: [rule({}), rule({ inboundTag: [] })] } },
    'C_HIDDEN_RULE',
    '/routing/rules/1',
    '{',
    /\/routing\/rules\/0 in config\.json, line 10, and leads to the same place$/,
  ],
  [
    'an outbound to which nothing leads',
    { outbounds: [outbound(), outbound({ tag: 'spare' })] },
    'C_UNUSED_OUTBOUND',
    '/outbounds/1/tag',
    '"spare"',
  ],
  [
    'an outbound that only such a one leads to',
    {
      outbounds: [outbound(), outbound({ tag: 'a', proxySettings: { tag: 'out' } }), { protocol: 'exit' }],
      routing: { rules: [rule({ outboundTag: 'a' })] },
    },
    'C_UNUSED_OUTBOUND',
    '/outbounds/2',
    '{',
  ],
  ['a balancer to which no rule leads', balanced({}), 'C_UNUSED_BALANCER', '/routing/balancers/0/tag', '"b"'],
];

export const harmless: readonly [string, object][] = [
  ['disabled mux', { outbounds: [outbound({ mux: { enabled: false, concurrency: 8 } })] }],
  ['sniffing', { inbounds: [inbound({ sniffing: { enabled: true, destOverride: 'http,ssl,fakedns' } })] }],
  ['disabled sniffing', { inbounds: [inbound({ sniffing: { enabled: false, destOverride: ['http', 'tls'] } })] }],
  [
    'ports that are always open',
    { inbounds: [inbound({ allocate: { strategy: 'always', concurrency: 3, refresh: 5 } })] },
  ],
  [
    'plain TCP',
    stream({
      network: 'TCP',
      security: 'NONE',
      tcpSettings: { header: { type: 'none' } },
      sockopt: { mark: 0, tproxy: 'off' },
    }),
  ],
  [
    'empty parts',
    { dns: {}, reverse: { bridges: [], portals: [] }, routing: { balancers: [] }, policy: {}, stats: {} },
  ],
  [
    'one port for TCP and for UDP',
    { inbounds: [inbound({ tag: 'a' }), inbound({ tag: 'b', settings: { network: 'udp' } })] },
  ],
  ['one port on two addresses', { inbounds: [inbound({ tag: 'a' }), inbound({ tag: 'b', listen: '127.0.0.2' })] }],
];
