import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { clientHello } from './client-hello.js';
import { Started } from './program.fixture.js';
import { outcomes, type Probe } from './route-probes.fixture.js';

const started = new Started();
afterEach(() => started.close());

interface Case {
  readonly rules: readonly object[];
  readonly probes: Readonly<Record<string, Probe>>;
}

const to = (...hosts: string[]): Record<string, Probe> => Object.fromEntries(hosts.map((host) => [host, { to: host }]));
const get = (url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Probe => ({
  by: 'web',
  says: [
    `${method} ${url} HTTP/1.1`,
    'Host: a.example',
    ...Object.entries(headers).map(([key, value]) => `${key}: ${value}`),
    'Connection: close',
    '\r\n',
  ].join('\r\n'),
});

const cases: Readonly<Record<string, Case>> = {
  domain: {
    rules: [
      { domain: ['full:full.example'] },
      { domain: ['domain:domain.example', 'regexp:^r[0-9]+\\.example$'] },
      { domain: ['keyword:keyword'] },
      { domain: ['bare', 'dotless:less'] },
      { domains: ['domain:older.example'] },
    ],
    probes: to(
      ...['full.example', 'x.full.example', 'domain.example', 'x.y.domain.example', 'notdomain.example'],
      ...['r12.example', 'r.example', 'xr1.example', 'my-keyword.example', 'thebareone.example', 'less', 'dotless'],
      ...['less.example', 'x.older.example', '10.0.0.1', 'other.example'],
    ),
  },
  ip: {
    rules: [{ ip: ['10.0.0.0/8', '192.0.2.7'] }, { ip: ['2001:db8::/32', '::1/128'] }, { ip: ['0.0.0.0/0'] }],
    probes: to('10.1.2.3', '11.0.0.1', '192.0.2.7', '192.0.2.8', '2001:db8::1', '::1', '2001:db9::1', 'a.example'),
  },
  port: {
    rules: [{ port: '81, 90-92' }, { port: 100 }, { port: '65535' }],
    probes: Object.fromEntries([80, 81, 89, 90, 91, 92, 93, 100, 65535].map((port) => [String(port), { port }])),
  },
  network: {
    rules: [
      { network: 'udp', port: 53 },
      { network: 'tcp', port: 53 },
      { network: ['TCP', 'udp'], port: 54 },
    ],
    probes: {
      tcp53: { port: 53 },
      udp53: { port: 53, udp: true },
      tcp54: { port: 54 },
      udp54: { port: 54, udp: true },
      tcp55: { port: 55 },
      udp55: { port: 55, udp: true },
    },
  },
  source: {
    rules: [{ source: ['127.0.0.2'] }, { source: ['127.0.1.0/24', '::/0'] }],
    probes: Object.fromEntries(
      ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.1.77', '127.0.2.1'].map((from) => [from, { from }]),
    ),
  },
  user: {
    rules: [{ user: ['anna'] }, { user: ['bert', 'dora'] }],
    probes: {
      anna: { by: 'named', user: 'anna' },
      bert: { by: 'named', user: 'bert' },
      carl: { by: 'named', user: 'carl' },
      nobody: {},
    },
  },
  inboundTag: {
    rules: [{ inboundTag: ['second'] }, { inboundTag: ['named', 'web'] }],
    probes: { in: {}, second: { by: 'second' }, named: { by: 'named', user: 'anna' }, web: get('http://a.example/') },
  },
  protocol: {
    rules: [{ protocol: ['http'] }, { protocol: ['tls', 'bittorrent'] }],
    probes: {
      http: { by: 'sniffed', says: 'GET / HTTP/1.1\r\nHost: b.example\r\n\r\n' },
      tls: { by: 'sniffed', says: clientHello({ serverName: 'b.example' }).toString('latin1') },
      bittorrent: { by: 'sniffed', says: `\x13BitTorrent protocol${'\0'.repeat(48)}` },
      unknown: { by: 'sniffed', says: 'SSH-2.0-x\r\n' },
      'http not looked at': { says: 'GET / HTTP/1.1\r\nHost: b.example\r\n\r\n' },
      'a request to the HTTP inbound': get('http://a.example/'),
    },
  },
  'sniffed domain': {
    rules: [{ domain: ['full:b.example'] }, { domain: ['full:a.example'] }],
    probes: {
      http: { by: 'sniffed', says: 'GET / HTTP/1.1\r\nHost: b.example\r\n\r\n' },
      tls: { by: 'sniffed', says: clientHello({ serverName: 'b.example' }).toString('latin1') },
      unknown: { by: 'sniffed', says: 'SSH-2.0-x\r\n' },
      'another, unknown': { by: 'sniffed', to: 'c.example', says: 'SSH-2.0-x\r\n' },
      'not looked at': { says: clientHello({ serverName: 'b.example' }).toString('latin1') },
    },
  },
  'attrs, of requests': {
    rules: [
      { attrs: "attrs[':method'] == 'POST'" },
      { attrs: "attrs[':path'].startswith('/test') and 'x-none' not in attrs" },
      { attrs: "attrs['x-number'] and int(attrs['x-number']) * 2 >= 10" },
      { attrs: "'x-list' in attrs and 'b' in attrs['x-list'].split(',')" },
      { attrs: "attrs.get('x-word', '').upper()[1:3] in ['BC', 'XY'] or attrs['x-word'] == 'é'" },
      { attrs: "attrs[':path'] == '/a b'" },
      { attrs: "attrs[':path'] == '/query'" },
      { attrs: "attrs[':method'] == 'CONNECT'" },
    ],
    probes: {
      plain: get('http://a.example/'),
      post: get('http://a.example/', { 'Content-Length': '0' }, 'POST'),
      path: get('http://a.example/test/x?y=z'),
      'path and header': get('http://a.example/test', { 'X-None': '1' }),
      five: get('http://a.example/', { 'X-Number': '5' }),
      four: get('http://a.example/', { 'X-Number': '4' }),
      word: get('http://a.example/', { 'X-Number': 'word' }),
      list: get('http://a.example/', { 'X-List': 'a,b' }),
      'list with spaces': get('http://a.example/', { 'X-List': 'a, b' }),
      slice: get('http://a.example/', { 'X-Word': 'abcd' }),
      bytes: get('http://a.example/', { 'X-Word': '\xc3\xa9' }),
      escaped: get('http://a.example/a%20b'),
      tunnel: { by: 'web', says: 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n' },
      query: get('http://a.example/query?x'),
      'by SOCKS': {},
    },
  },
  'attrs, as a language': {
    rules: language([
      '1 == True',
      'not []',
      "'a' < 'b' and -7 // 2 == -4 and -7 % 3 == 2",
      "'%s' % 'a' == 'b'",
      "'bonbon'.rfind('on', 0, 5) == 1",
      "'a.b.c'.rsplit('.', 1) == ['a.b', 'c']",
      "' one  two '.split() == ['one', 'two']",
      "'a,b'.partition(',')[2] == 'b' and 'banana'.replace('a', 'o', 2) == 'bonona'",
      "{'a': 1}['b']",
      "{'a': (1, 2)}['a'][1] == 2",
      "len('é') == 2",
      "'é'[0] == '\\xc3'",
      '1 if attrs else 0',
      "int('ff', 16) == 255 and int('-3') == -3",
      "int('x')",
      "'abc'[::-1] == 'cba'",
      '[1, 2] + [3] == [1, 2, 3] and (1,) * 2 == (1, 1)',
      'any([0, 1]) and all([]) and bool("x")',
      "str([1, 'a', None]) == '[1, \"a\", None]'",
      "type({}) == 'dict' and type(()) == 'tuple'",
      "'12'.isdigit() and 'a1'.isalnum() and not ''.isalpha()",
      "'A b'.isupper() or 'A'.isupper()",
      "'-'.join(['a', 'b']) == 'a-b' and 'xax'.strip('x') == 'a'",
      "'a' in ['a'] and 'a' not in 'bc' and 'a' in {'a': 1}",
      '[1] < [1, 0]',
      "1 < 'a'",
      "'x' * 3 == 'xxx' and 'a\\tb' == '''a\tb'''",
      '0x10 + 0o10 + 0b10 == 26',
      "'ab'.startswith(('x', 'a')) and 'ab'.endswith('b')",
      "'a\\nb\\n'.splitlines() == ['a', 'b']",
      '1, 0',
      "attrs.get('nothing')",
      "'hello'.capitalize() == 'Hello'",
      "'hello, world!'.count('o', 7, 12) == 1 and 'banana'.count('an') == 2",
      "r'\\d' == '\\\\d'",
      "any([attrs[':method'].endswith(end) for end in ['T', 'X']])",
      "{k: v for k, v in attrs.items() if k == 'n'}.keys() == ['n']",
      '[x + y for x in [10, 20] for y in (1, 2) if x + y != 21] == [11, 12, 22]',
      '[x for x in [1] for x in [2]] == [2] and [x for x in []] == []',
      "'%s is %d%% of %r, %x' % ('a', 5, 'b', 255) == 'a is 5% of \"b\", ff'",
      "'%s' % [1] == '[1]'",
      "'%s' % (1, 2)",
    ]),
    probes: Object.fromEntries(
      Array.from({ length: 42 }, (_, i) => [String(i), get('http://a.example/', { n: String(i) })]),
    ),
  },
};

/** A rule for each expression, which the request with its number meets. */
function language(expressions: readonly string[]): { attrs: string }[] {
  return expressions.map((expression, i) => ({ attrs: `attrs['n'] == '${i}' and (${expression})` }));
}

describePeers('each routing field through V2Ray and through us', ['v2ray'], () => {
  it.each(Object.entries(cases))('%s', async (_, { rules, probes }) => {
    const { theirs, ours } = await outcomes(started, rules, probes);
    expect(ours).toEqual(theirs);
    // Otherwise the case would say little.
    expect(new Set(Object.values(theirs)).size).toBeGreaterThan(1);
    expect(Object.values(theirs)).toContain('-');
  });

  it('sourcePort', async () => {
    const [one, two, three] = [await freePort(), await freePort(), await freePort()];
    const rules = [{ sourcePort: String(one) }, { sourcePort: `1-10,${two}` }];
    const probes = { one: { fromPort: one }, two: { fromPort: two }, three: { fromPort: three } };
    const { theirs, ours } = await outcomes(started, rules, probes);
    expect(ours).toEqual(theirs);
    expect(theirs).toEqual({ one: '0', two: '1', three: '-' });
  });

  it.each(['IPIfNonMatch', 'IPOnDemand'])('%s', async (strategy) => {
    const rules = [
      { ip: ['192.0.2.0/24'] },
      { domain: ['full:localhost'], port: 81 },
      { ip: ['127.0.0.0/8', '::1'], network: 'tcp' },
      { domain: ['localhost'] },
    ];
    const probes = { name: { to: 'localhost' }, port: { to: 'localhost', port: 81 }, ip: { to: '127.0.0.1' } };
    const { theirs, ours } = await outcomes(started, rules, probes, strategy);
    expect(ours).toEqual(theirs);
    expect(new Set(Object.values(theirs)).size).toBeGreaterThan(1);
  });
});
