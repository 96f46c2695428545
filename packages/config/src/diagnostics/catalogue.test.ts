import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { covered, inbound, load, loadValue, outbound } from '../load.fixture.js';
import { loadFiles, loadTexts } from '../load.js';
import { broken, plugins } from '../plugins.fixture.js';
import { diagnosticCatalogue, type CatalogueEntry, type DiagnosticCode } from './catalogue.js';

/** A problem, and what its range covers. */
type Case = readonly [name: string, value: unknown, code: string, pointer: string, covers: string, message?: RegExp];

const rule = (more: object): object => ({ type: 'field', port: 80, outboundTag: 'out', ...more });
const routed = (more: object): object => ({ outbounds: [outbound()], routing: { rules: [rule(more)] } });
const balanced = (more: object): object => ({
  outbounds: [outbound()],
  routing: { balancers: [{ tag: 'b', selector: ['out'], ...more }] },
});
const stream = (streamSettings: object): object => ({ inbounds: [inbound({ streamSettings })] });
const outStream = (streamSettings: object): object => ({ outbounds: [outbound({ streamSettings })] });

const errors: readonly Case[] = [
  ['a number for a string', { log: { access: 5 } }, 'C_TYPE', '/log/access', '5', /"access" must be a string/],
  ['a list for an object', { log: [] }, 'C_TYPE', '/log', '[]'],
  ['an object for a list', { inbounds: {} }, 'C_TYPE', '/inbounds', '{}'],
  ['a string among objects', { inbounds: ['x'] }, 'C_TYPE', '/inbounds/0', '"x"', /this entry must be an object/],
  ['no object at all', [], 'C_TYPE', '', '[]', /the configuration must be an object/],
  [
    'a wrong item of a union',
    routed({ domain: ['in', 5] }),
    'C_TYPE',
    '/routing/rules/0/domain/1',
    '5',
    /must be a string$/,
  ],
  [
    'no branch of a union',
    routed({ inboundTag: {} }),
    'C_TYPE',
    '/routing/rules/0/inboundTag',
    '{}',
    /must be a list of strings or a string/,
  ],
  [
    'a boolean in quotes',
    { policy: { system: { statsInboundUplink: 'true' } } },
    'C_TYPE',
    '/policy/system/statsInboundUplink',
    '"true"',
  ],
  [
    'an unknown security',
    stream({ security: 'xtls' }),
    'C_VALUE',
    '/inbounds/0/streamSettings/security',
    '"xtls"',
    /must be "none" or "tls"/,
  ],
  ['an unknown network', outStream({ network: 'tpc' }), 'C_VALUE', '/outbounds/0/streamSettings/network', '"tpc"'],
  [
    'a time below zero',
    { policy: { levels: { 0: { handshake: -1 } } } },
    'C_VALUE',
    '/policy/levels/0/handshake',
    '-1',
    /from 0 to 4294967295/,
  ],
  ['a level that is no number', { policy: { levels: { zero: {} } } }, 'C_VALUE', '/policy/levels/zero', '"zero"'],
  [
    'too large a number in a string',
    { inbounds: [inbound({ settings: { port: '70000' } })] },
    'C_VALUE',
    '/inbounds/0/settings/port',
    '"70000"',
    /from 0 to 65535/,
  ],
  [
    'an enum of settings',
    { inbounds: [inbound({ settings: { mode: 'plian' } })] },
    'C_VALUE',
    '/inbounds/0/settings/mode',
    '"plian"',
  ],
  [
    'a union of constants',
    { inbounds: [inbound({ settings: { network: 'icmp' } })] },
    'C_TYPE',
    '/inbounds/0/settings/network',
    '"icmp"',
    /"tcp", "udp" or "tcp,udp"/,
  ],
  [
    'too long a list',
    { inbounds: [inbound({ settings: { users: [1, 2, 3, 4].map((n) => ({ name: `u${n}`, secret: 'a' })) } })] },
    'C_VALUE',
    '/inbounds/0/settings/users',
    '[',
    /at most 3/,
  ],
  [
    'an unknown sniffer',
    { inbounds: [inbound({ sniffing: { destOverride: ['http', 'quick'] } })] },
    'C_VALUE',
    '/inbounds/0/sniffing/destOverride/1',
    '"quick"',
  ],
  [
    'too much concurrency',
    { outbounds: [outbound({ mux: { concurrency: 2000 } })] },
    'C_VALUE',
    '/outbounds/0/mux/concurrency',
    '2000',
  ],
  ['no protocol', { outbounds: [{}] }, 'C_MISSING', '/outbounds/0/protocol', '{}'],
  ['no port', { inbounds: [{ protocol: 'echo' }] }, 'C_MISSING', '/inbounds/0/port', '{'],
  [
    'no settings that are needed',
    { outbounds: [outbound({ protocol: 'camel' })] },
    'C_MISSING',
    '/outbounds/0/settings/password',
    '{',
  ],
  ['no rule type', routed({ type: null }), 'C_MISSING', '/routing/rules/0/type', '{'],
  [
    'a rule that leads nowhere',
    routed({ outboundTag: null }),
    'C_MISSING',
    '/routing/rules/0/outboundTag',
    '{',
    /leads nowhere/,
  ],
  [
    'no tag to connect through',
    { outbounds: [outbound({ proxySettings: {} })] },
    'C_MISSING',
    '/outbounds/0/proxySettings/tag',
    '{}',
  ],
  ['no path of a Unix socket', outStream({ network: 'ds' }), 'C_MISSING', '/outbounds/0/streamSettings', '{'],
  [
    'an unknown inbound protocol',
    { inbounds: [inbound({ protocol: 'ecko' })] },
    'C_UNKNOWN_PROTOCOL',
    '/inbounds/0/protocol',
    '"ecko"',
  ],
  [
    'an outbound protocol for an inbound',
    { inbounds: [inbound({ protocol: 'exit' })] },
    'C_UNKNOWN_PROTOCOL',
    '/inbounds/0/protocol',
    '"exit"',
  ],
  [
    'an unknown outbound protocol',
    { outbounds: [outbound({ protocol: 'vmess' })] },
    'C_UNKNOWN_PROTOCOL',
    '/outbounds/0/protocol',
    '"vmess"',
  ],
  ['an unknown rule type', routed({ type: 'chinaip' }), 'C_UNKNOWN_RULE_TYPE', '/routing/rules/0/type', '"chinaip"'],
  [
    'two inbounds with one tag',
    { inbounds: [inbound(), inbound({ port: 1081 })] },
    'C_DUPLICATE_TAG',
    '/inbounds/1/tag',
    '"in"',
    /\/inbounds\/0 in config\.json, line 3/,
  ],
  [
    'two outbounds with one tag',
    { outbounds: [outbound(), outbound()] },
    'C_DUPLICATE_TAG',
    '/outbounds/1/tag',
    '"out"',
  ],
  [
    'an unknown outboundTag',
    routed({ outboundTag: 'oat' }),
    'C_UNKNOWN_OUTBOUND',
    '/routing/rules/0/outboundTag',
    '"oat"',
  ],
  [
    'an unknown proxySettings.tag',
    { outbounds: [outbound({ proxySettings: { tag: 'far' } })] },
    'C_UNKNOWN_OUTBOUND',
    '/outbounds/0/proxySettings/tag',
    '"far"',
  ],
  [
    'an outbound through itself',
    { outbounds: [outbound({ proxySettings: { tag: 'out' } })] },
    'C_OUTBOUND_LOOP',
    '/outbounds/0/proxySettings/tag',
    '"out"',
    /out → out/,
  ],
  [
    'outbounds in a circle',
    {
      outbounds: [
        outbound({ tag: 'a', proxySettings: { tag: 'b' } }),
        outbound({ tag: 'b', proxySettings: { tag: 'c' } }),
        outbound({ tag: 'c', proxySettings: { tag: 'b' } }),
      ],
    },
    'C_OUTBOUND_LOOP',
    '/outbounds/1/proxySettings/tag',
    '"c"',
    /b → c → b/,
  ],
  ['port 0', { inbounds: [inbound({ port: 0 })] }, 'C_PORT', '/inbounds/0/port', '0'],
  ['port 70000', { inbounds: [inbound({ port: 70000 })] }, 'C_PORT', '/inbounds/0/port', '70000'],
  ['port -1', { inbounds: [inbound({ port: -1 })] }, 'C_PORT', '/inbounds/0/port', '-1'],
  [
    'a reversed range',
    { inbounds: [inbound({ port: '2000-1000' })] },
    'C_PORT',
    '/inbounds/0/port',
    '"2000-1000"',
    /reversed/,
  ],
  [
    'a list of ports',
    { inbounds: [inbound({ port: '80,443' })] },
    'C_PORT',
    '/inbounds/0/port',
    '"80,443"',
    /not a list/,
  ],
  ['a port in words', { inbounds: [inbound({ port: 'http' })] }, 'C_PORT', '/inbounds/0/port', '"http"'],
  [
    'a port from an unset variable',
    { inbounds: [inbound({ port: 'env:NONE' })] },
    'C_PORT',
    '/inbounds/0/port',
    '"env:NONE"',
    /"NONE" is not set/,
  ],
  [
    'a name to listen on',
    { inbounds: [inbound({ listen: 'example.org' })] },
    'C_ADDRESS',
    '/inbounds/0/listen',
    '"example.org"',
  ],
  ['nothing to listen on', { inbounds: [inbound({ listen: '' })] }, 'C_ADDRESS', '/inbounds/0/listen', '""'],
  [
    'UDP on a Unix socket',
    { inbounds: [inbound({ listen: '/run/x', settings: { network: 'udp' } })] },
    'C_ADDRESS',
    '/inbounds/0/listen',
    '"/run/x"',
  ],
  [
    'a name to send through',
    { outbounds: [outbound({ sendThrough: 'eth0' })] },
    'C_ADDRESS',
    '/outbounds/0/sendThrough',
    '"eth0"',
  ],
  [
    'a relative socket path',
    outStream({ network: 'ds', dsSettings: { path: 'x.sock' } }),
    'C_ADDRESS',
    '/outbounds/0/streamSettings/dsSettings/path',
    '"x.sock"',
  ],
  [
    'two inbounds in one place',
    { inbounds: [inbound({ tag: 'a' }), inbound({ tag: 'b' })] },
    'C_LISTEN_CONFLICT',
    '/inbounds/1/port',
    '1080',
  ],
  ['TLS', stream({ security: 'TLS' }), 'C_UNAVAILABLE', '/inbounds/0/streamSettings/security', '"TLS"'],
  ...['kcp', 'mkcp', 'ws', 'WebSocket', 'h2', 'http', 'quic'].map((network): Case => [
    `network ${network}`,
    outStream({ network }),
    'C_UNAVAILABLE',
    '/outbounds/0/streamSettings/network',
    `"${network}"`,
  ]),
  [
    'an HTTP disguise',
    stream({ tcpSettings: { header: { type: 'http' } } }),
    'C_UNAVAILABLE',
    '/inbounds/0/streamSettings/tcpSettings/header/type',
    '"http"',
  ],
  [
    'the PROXY protocol of tcp',
    stream({ tcpSettings: { acceptProxyProtocol: true } }),
    'C_UNAVAILABLE',
    '/inbounds/0/streamSettings/tcpSettings/acceptProxyProtocol',
    'true',
  ],
  [
    'the PROXY protocol of sockets',
    stream({ sockopt: { acceptProxyProtocol: true } }),
    'C_UNAVAILABLE',
    '/inbounds/0/streamSettings/sockopt/acceptProxyProtocol',
    'true',
  ],
  [
    'transparent proxying',
    stream({ sockopt: { tproxy: 'redirect' } }),
    'C_UNAVAILABLE',
    '/inbounds/0/streamSettings/sockopt/tproxy',
    '"redirect"',
  ],
  ['a mark', outStream({ sockopt: { mark: 255 } }), 'C_UNAVAILABLE', '/outbounds/0/streamSettings/sockopt/mark', '255'],
  [
    'a padded socket name',
    outStream({ network: 'ds', dsSettings: { path: '@x', padding: true } }),
    'C_UNAVAILABLE',
    '/outbounds/0/streamSettings/dsSettings/padding',
    'true',
  ],
  ['mux', { outbounds: [outbound({ mux: { enabled: true } })] }, 'C_UNAVAILABLE', '/outbounds/0/mux/enabled', 'true'],
  [
    'a transport through another outbound',
    { outbounds: [outbound({ proxySettings: { tag: 'b', transportLayer: true } }), outbound({ tag: 'b' })] },
    'C_UNAVAILABLE',
    '/outbounds/0/proxySettings/transportLayer',
    'true',
  ],
  [
    'random ports',
    { inbounds: [inbound({ allocate: { strategy: 'random' } })] },
    'C_UNAVAILABLE',
    '/inbounds/0/allocate/strategy',
    '"random"',
  ],
  [
    'a balancerTag that no balancer has',
    routed({ outboundTag: null, balancerTag: 'b' }),
    'C_UNKNOWN_BALANCER',
    '/routing/rules/0/balancerTag',
    '"b"',
  ],
  ['a balancer without members', balanced({ selector: [] }), 'C_VALUE', '/routing/balancers/0/selector', '[]'],
  [
    'a strategy of nobody',
    balanced({ strategy: { type: 'randm' } }),
    'C_UNKNOWN_STRATEGY',
    '/routing/balancers/0/strategy/type',
    '"randm"',
  ],
  [
    'a wrong setting of a strategy',
    balanced({ strategy: { type: 'best', settings: { of: 'x' } } }),
    'C_TYPE',
    '/routing/balancers/0/strategy/settings/of',
    '"x"',
  ],
  [
    'a fallback that is not there',
    balanced({ fallbackTag: 'aut' }),
    'C_UNKNOWN_OUTBOUND',
    '/routing/balancers/0/fallbackTag',
    '"aut"',
  ],
  [
    'two balancers of one tag',
    { outbounds: [outbound()], routing: { balancers: [1, 2].map(() => ({ tag: 'b', selector: 'out' })) } },
    'C_DUPLICATE_TAG',
    '/routing/balancers/1/tag',
    '"b"',
    /another balancer has this tag/,
  ],
  ['api', { api: { tag: 'api' } }, 'C_UNAVAILABLE', '/api', '"api"'],
  ['reverse', { reverse: { portals: [{ tag: 'p' }] } }, 'C_UNAVAILABLE', '/reverse/portals', '"portals"'],
  ['fakeDns', { fakeDns: [{}] }, 'C_UNAVAILABLE', '/fakeDns', '"fakeDns"'],
  ['observatory', { observatory: {} }, 'C_UNAVAILABLE', '/observatory', '"observatory"'],
  [
    "a plugin's check",
    { inbounds: [inbound({ settings: { users: [{ name: 'nobody', secret: 'a' }] } })] },
    'C_CHECK',
    '/inbounds/0/settings/users/0/name',
    '"nobody"',
    /^nobody is no user$/,
  ],
  ["a rule's check", routed({ port: null }), 'C_CHECK', '/routing/rules/0', '{'],
];

const warnings: readonly Case[] = [
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
    "a plugin's advice",
    { inbounds: [inbound({ settings: { users: [{ name: 'root', secret: 'a' }] } })] },
    'C_CHECK',
    '/inbounds/0/settings/users/0/name/deeper',
    '"root"',
  ],
];

const harmless: readonly [string, object][] = [
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

/** Those that the catalogue says a code may have. */
function severities(code: string): string[] {
  const { severity, also }: CatalogueEntry = diagnosticCatalogue[code as DiagnosticCode];
  return also === undefined ? [severity] : [severity, also];
}

describe('diagnostics', () => {
  const seen = new Set<string>();

  it.each([
    ...errors.map((one) => ({ severity: 'error', name: one[0], one })),
    ...warnings.map((one) => ({ severity: 'warning', name: one[0], one })),
  ])('$severity: $name', ({ severity, one: [, value, code, pointer, covers, message] }) => {
    const text = JSON.stringify(value, null, 2);
    const result = load(text);
    expect(result.diagnostics).toMatchObject([{ code, severity, pointer }]);
    expect(result.config === undefined).toBe(severity === 'error');
    const [diagnostic] = result.diagnostics as [(typeof result.diagnostics)[0]];
    expect(covered(text, diagnostic)).toBe(covers);
    if (message !== undefined) expect(diagnostic.message).toMatch(message);
    expect(severities(code)).toContain(severity);
    expect(Object.isFrozen(diagnostic)).toBe(true);
    seen.add(code);
  });

  it.each(harmless)('nothing: %s', (_, value) => {
    const { config, diagnostics } = loadValue(value);
    expect(diagnostics).toEqual([]);
    expect(config).toBeDefined();
  });

  it('reports a file that cannot be read, and a folder without configurations', async () => {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const { config, diagnostics } = await loadFiles(['/nowhere/config.json', folder], { plugins });
    expect(config).toBeUndefined();
    expect(diagnostics).toMatchObject([
      {
        code: 'C_READ',
        message: expect.stringContaining('ENOENT') as string,
        range: { file: '/nowhere/config.json', line: 1, column: 1 },
      },
      { code: 'C_READ', message: expect.stringContaining('no configuration is in') as string, range: { file: folder } },
    ]);
    expect((await loadFiles([], { plugins })).diagnostics).toMatchObject([{ code: 'C_READ' }]);
    seen.add('C_READ');
  });

  it.runIf(existsSync('/dev/zero'))('C_READ: what has no end', async () => {
    const { config, diagnostics } = await loadFiles(['/dev/zero'], { plugins });
    expect(config).toBeUndefined();
    expect(diagnostics).toMatchObject([
      { code: 'C_READ', message: 'the file cannot be read: it is larger than 32 MiB' },
    ]);
  });

  it('reports what a plugin does wrong', () => {
    for (const protocol of Object.keys(broken.inbounds ?? {})) {
      const { diagnostics } = loadValue({ inbounds: [inbound({ protocol })] }, { plugins: [broken] });
      expect(diagnostics).toMatchObject([
        { code: 'C_PLUGIN', severity: 'error', message: expect.stringContaining('"broken"') as string },
      ]);
    }
    seen.add('C_PLUGIN');
  });

  it('reports what stands in other tests', () => {
    seen.add('C_PLUGIN_LOAD').add('C_PLUGIN_CLASH');
    seen.add(load('{').diagnostics[0]?.code ?? '');
    seen.add(load('{} x').diagnostics[0]?.code ?? '');
    seen.add(load('{"log": {}, "log": {}}').diagnostics[0]?.code ?? '');
    const two = ['{"inbounds": [{"port": 1, "protocol": "echo"}]}', '{"inbounds": [{"port": 2, "protocol": "echo"}]}'];
    seen.add(
      loadTexts(
        two.map((text, n) => ({ file: String(n), text })),
        { plugins },
      ).diagnostics[0]?.code ?? '',
    );
    expect([...seen]).toEqual(expect.arrayContaining(['C_SYNTAX', 'C_TRAILING', 'C_DUPLICATE_KEY', 'C_MERGE']));
  });

  afterAll(() => {
    expect([...seen].sort()).toEqual(Object.keys(diagnosticCatalogue).sort());
  });
});
