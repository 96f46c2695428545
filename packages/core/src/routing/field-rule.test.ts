import { destination, ipToBytes, type ProblemReporter, type RouteQuery, type SluiceError } from '@sluice/plugin-api';
import { describe, expect, test } from 'vitest';
import { fieldRule } from './field-rule.js';
import { assetsOf } from './geo/geo-data.fixture.js';

const noAssets = assetsOf({});

interface Problem {
  severity: 'error' | 'warning';
  path: readonly (string | number)[];
  message: string;
}

function check(rule: object): Problem[] {
  const found: Problem[] = [];
  const problems: ProblemReporter = {
    error: (path, message) => found.push({ severity: 'error', path, message }),
    warning: (path, message) => found.push({ severity: 'warning', path, message }),
  };
  fieldRule.check?.(rule, problems, noAssets);
  return found;
}

const ips = (...texts: string[]): Uint8Array[] => texts.map((text) => ipToBytes(text));

function query(change: Partial<RouteQuery> = {}): RouteQuery {
  return {
    inboundTag: 'socks-in',
    network: 'tcp',
    source: { address: '192.0.2.10', port: 50123 },
    target: destination('tcp', 'www.Example.org', 443),
    user: { email: 'love@example.org', level: 0 },
    attributes: undefined,
    protocol: undefined,
    ips: [],
    ...change,
  };
}

function matches(rule: object, change: Partial<RouteQuery> = {}): boolean {
  expect(check(rule).filter(({ severity }) => severity === 'error')).toEqual([]);
  return fieldRule.compile(rule, noAssets).matches(query(change));
}

const to = (host: string, port = 443): Partial<RouteQuery> => ({ target: destination('tcp', host, port) });

describe('domain', () => {
  test.each([
    ['example', 'www.example.org', true],
    ['Exa', 'www.example.org', true],
    ['exbmple', 'www.example.org', false],
    ['keyword:EXAMPLE', 'www.example.org', true],
    ['domain:example.org', 'example.org', true],
    ['domain:Example.Org', 'a.b.example.org', true],
    ['domain:example.org', 'notexample.org', false],
    ['full:www.example.org', 'WWW.example.org', true],
    ['full:example.org', 'www.example.org', false],
    ['regexp:^www\\.ex[a-z]+\\.org$', 'www.example.org', true],
    ['regexp:\\.EXAMPLE\\.org$', 'www.example.org', true],
    ['regexp:^example', 'www.example.org', false],
    ['regexp:\\pL{3}\\.', 'www.example.org', true],
    ['dotless:', 'localhost', true],
    ['dotless:Local', 'localhost', true],
    ['dotless:local', 'localhost.lan', false],
    ['domain:пример.рф', 'www.xn--e1afmkfd.xn--p1ai', true],
    ['Domain:example.org', 'example.org', true],
  ])('%s against %s: %s', (value, host, expected) => {
    expect(matches({ domain: [value] }, to(host))).toBe(expected);
  });

  test('the older name counts together with the newer one', () => {
    const rule = { domain: ['full:a.example'], domains: ['full:b.example'] };
    expect(['a.example', 'b.example', 'c.example'].map((host) => matches(rule, to(host)))).toEqual([true, true, false]);
    expect(matches({ domains: 'full:a.example, full:b.example' }, to('b.example'))).toBe(true);
  });

  test('never matches an IP, and a keyword does not find one', () => {
    expect(matches({ domain: ['1', 'regexp:.*'] }, to('1.1.1.1'))).toBe(false);
  });

  test('with many keywords as with few', () => {
    const many = Array.from({ length: 100 }, (_, i) => `word${i}x`);
    expect(matches({ domain: many }, to('a.word77x.example'))).toBe(true);
    expect(matches({ domain: many }, to('a.word77.example'))).toBe(false);
  });
});

describe('ip', () => {
  test.each([
    ['10.0.0.0/8', ['10.9.8.7'], true],
    ['10.0.0.1', ['10.0.0.1'], true],
    ['10.0.0.1', ['10.0.0.2'], false],
    ['fc00::/7', ['fd12::1'], true],
    ['::1', ['::1'], true],
    ['::ffff:10.0.0.0/104', ['10.1.2.3'], true],
    ['::ffff:10.0.0.1', ['10.0.0.1'], true],
    ['10.0.0.0/8', ['192.0.2.1', '10.1.1.1'], true],
    ['10.0.0.0/8', [], false],
  ])('%s against %j: %s', (value, addresses, expected) => {
    expect(matches({ ip: [value] }, { ips: ips(...addresses) })).toBe(expected);
  });

  test('is what makes a rule need IPs', () => {
    expect(fieldRule.compile({ ip: '10.0.0.1' }, noAssets).needsIp).toBe(true);
    expect(fieldRule.compile({ source: '10.0.0.1', domain: 'a' }, noAssets).needsIp).toBe(false);
  });
});

describe('port and sourcePort', () => {
  test.each([
    ['443', 443, true],
    [443, 443, true],
    ['53, 443 ,1000 - 2000', 443, true],
    ['53,443,1000-2000', 1000, true],
    ['53,443,1000-2000', 2000, true],
    ['53,443,1000-2000', 999, false],
    ['53,443,1000-2000', 2001, false],
    ['1-65535', 65535, true],
    ['1-65535', 0, false],
  ])('%j against %d: %s', (value, port, expected) => {
    expect(matches({ port: value }, to('example.org', port))).toBe(expected);
    expect(matches({ sourcePort: value }, { source: { address: '192.0.2.1', port } })).toBe(expected);
  });

  test.each([
    ['0', 'port 0 is not between'],
    [70000, 'port 70000 is not between'],
    ['1-70000', 'port 70000 is not between'],
    ['2000-1000', 'reversed: write "1000-2000"'],
    ['http', 'neither a port nor a range'],
    ['53,,54', 'neither a port nor a range'],
    ['env:PORT', 'neither a port nor a range'],
    [-5, 'neither a port nor a range'],
  ])('%j is an error: %s', (value, message) => {
    for (const key of ['port', 'sourcePort']) {
      expect(check({ [key]: value })).toEqual([
        { severity: 'error', path: [key], message: expect.stringContaining(message) as string },
      ]);
    }
  });
});

describe('network', () => {
  test.each([
    ['tcp', 'tcp', true],
    ['TCP', 'tcp', true],
    ['udp', 'tcp', false],
    ['tcp,udp', 'udp', true],
    ['TCP, UDP', 'udp', true],
    [['udp'], 'udp', true],
  ] as const)('%j against %s: %s', (value, network, expected) => {
    expect(matches({ network: value }, { network })).toBe(expected);
  });

  test('another word is an error at its place', () => {
    expect(check({ network: ['tcp', 'icmp'] })).toMatchObject([{ severity: 'error', path: ['network', 1] }]);
  });
});

describe('source, user and inboundTag', () => {
  test("source is the client's address", () => {
    expect(matches({ source: ['192.0.2.0/24'] })).toBe(true);
    expect(matches({ source: '198.51.100.0/24, 192.0.2.10' })).toBe(true);
    expect(matches({ source: ['198.51.100.0/24'] })).toBe(false);
    expect(matches({ source: ['0.0.0.0/0', '::/0'] }, { source: { address: '/run/a.sock', port: 0 } })).toBe(false);
    expect(matches({ source: ['fe80::/10'] }, { source: { address: 'fe80::1', port: 1 } })).toBe(true);
  });

  test('user is an exact email', () => {
    expect(matches({ user: ['other@example.org', 'love@example.org'] })).toBe(true);
    expect(matches({ user: 'love@example.org' })).toBe(true);
    expect(matches({ user: ['love'] })).toBe(false);
    expect(matches({ user: ['love@example.org'] }, { user: undefined })).toBe(false);
    expect(matches({ user: ['love@example.org'] }, { user: { level: 0 } })).toBe(false);
  });

  test('inboundTag is a list or a string', () => {
    expect(matches({ inboundTag: ['a', 'socks-in'] })).toBe(true);
    expect(matches({ inboundTag: 'socks-in' })).toBe(true);
    expect(matches({ inboundTag: 'a,socks-in' })).toBe(true);
    expect(matches({ inboundTag: ['socks'] })).toBe(false);
  });
});

describe('a rule', () => {
  const rule = {
    inboundTag: ['socks-in'],
    network: 'tcp',
    port: '443',
    sourcePort: '50000-51000',
    user: ['love@example.org'],
    source: ['192.0.2.0/24'],
    domain: ['domain:example.org', 'domain:example.com'],
    ip: ['10.0.0.0/8', '11.0.0.0/8'],
  };
  const all: Partial<RouteQuery> = { ips: ips('11.1.1.1') };

  test('matches when each of its fields does, by any of its values', () => {
    expect(matches(rule, all)).toBe(true);
  });

  test.each<[string, Partial<RouteQuery>]>([
    ['inboundTag', { inboundTag: 'http-in' }],
    ['network', { network: 'udp' }],
    ['port', to('www.example.org', 80)],
    ['sourcePort', { source: { address: '192.0.2.10', port: 1024 } }],
    ['user', { user: undefined }],
    ['source', { source: { address: '203.0.113.1', port: 50123 } }],
    ['domain', to('example.net')],
    ['ip', { ips: ips('12.1.1.1') }],
  ])('does not match when only %s differs', (_field, change) => {
    expect(matches(rule, { ...all, ...change })).toBe(false);
  });

  test('without a condition is an error', () => {
    for (const empty of [{}, { domain: [] }, { domain: null }]) {
      expect(check(empty).filter(({ severity }) => severity === 'error')).toMatchObject([
        { path: [], message: expect.stringContaining('no condition') as string },
      ]);
    }
  });

  test('says that an empty list beside a condition is none', () => {
    expect(check({ ip: [], port: 80 })).toMatchObject([{ severity: 'warning', path: ['ip'] }]);
    expect(matches({ ip: [], port: 443 })).toBe(true);
  });
});

describe('protocol', () => {
  test.each<[string | string[], string | undefined, boolean]>([
    ['bittorrent', 'bittorrent', true],
    [['tls', 'HTTP'], 'http', true],
    ['http', 'http1', true],
    ['http1', 'http', false],
    ['http, tls', 'tls', true],
    ['tls', 'quic', false],
    ['tls', undefined, false],
  ])('%j against %s: %s', (value, protocol, expected) => {
    expect(matches({ protocol: value }, { protocol })).toBe(expected);
  });
});

describe('attrs', () => {
  const attributes = { ':method': 'GET', ':path': '/a' };

  test('is an expression over the attributes of a request', () => {
    const attrs = "attrs[':method'] == 'GET'";
    expect(matches({ attrs }, { attributes })).toBe(true);
    expect(matches({ attrs }, { attributes: { ':method': 'POST' } })).toBe(false);
    expect(matches({ attrs: 'True' }, { attributes })).toBe(true);
  });

  test('never matches a connection that has none', () => {
    expect(matches({ attrs: 'True' }, { attributes: undefined })).toBe(false);
    expect(matches({ attrs: "'a' not in attrs" }, { attributes: {} })).toBe(true);
  });

  test('that is empty is no condition', () => {
    expect(check({ attrs: '', port: 443 })).toMatchObject([{ severity: 'warning', path: ['attrs'] }]);
    expect(matches({ attrs: '', port: 443 })).toBe(true);
  });
});

describe('mistakes', () => {
  test.each<[object, (string | number)[], string]>([
    [{ ip: ['10.0.0.0/33'] }, ['ip', 0], 'prefix must be 0 to 32'],
    [{ ip: ['10.0.0.0/8', '10.0.0/8'] }, ['ip', 1], 'neither an IP address nor a CIDR'],
    [{ ip: ['10.0.0.0/'] }, ['ip', 0], 'prefix'],
    [{ ip: ['example.org'] }, ['ip', 0], 'neither an IP address nor a CIDR'],
    [{ ip: ['fe80::1%eth0'] }, ['ip', 0], 'neither an IP address nor a CIDR'],
    [{ ip: ['::ffff:10.0.0.0/129'] }, ['ip', 0], 'prefix'],
    [{ source: ['::/129'] }, ['source', 0], 'prefix must be 0 to 128'],
    [{ attrs: 'attrs[' }, ['attrs'], 'column 7: an expression is expected'],
    [{ domain: ['regexp:('] }, ['domain', 0], 'RE2 syntax'],
    [{ domain: ['regexp:(?=lookahead)'] }, ['domain', 0], 'RE2 syntax'],
    [{ domain: ['domain:'] }, ['domain', 0], 'followed by a value'],
    [{ domain: ['dotless:a.b'] }, ['domain', 0], 'must not contain a dot'],
    [{ domain: ['x', ''] }, ['domain', 1], 'must not be empty'],
  ])('%j', (rule, path, message) => {
    expect(check(rule)).toEqual([{ severity: 'error', path, message: expect.stringContaining(message) as string }]);
    expect(() => fieldRule.compile(rule, noAssets)).toThrow(
      expect.objectContaining({ code: 'E_CONFIG_INVALID' } satisfies Partial<SluiceError>) as Error,
    );
  });

  test('a prefix that does not exist is pointed out', () => {
    expect(check({ domain: ['geosit:cn'] })).toMatchObject([{ severity: 'warning', path: ['domain', 0] }]);
  });

  test('an expression in a string with commas is pointed out', () => {
    expect(check({ domain: 'regexp:^a' })).toMatchObject([{ severity: 'warning', path: ['domain'] }]);
  });
});

test('every field is described', () => {
  const { properties } = fieldRule.schema as unknown as { properties: Record<string, { description?: string }> };
  expect(Object.keys(properties).sort()).toEqual(
    [
      'attrs',
      'domain',
      'domains',
      'inboundTag',
      'ip',
      'network',
      'port',
      'protocol',
      'source',
      'sourcePort',
      'user',
    ].sort(),
  );
  for (const [key, { description }] of Object.entries(properties)) expect(description, key).toMatch(/\w.+\./);
});
