import { destination, ipToBytes, type ProblemReporter, type RouteQuery } from '@sluice/plugin-api';
import { describe, expect, test } from 'vitest';
import { fieldRule } from '../field-rule.js';
import { assetsOf, DOMAIN, FULL, geoipFile, geositeFile, PLAIN, REGEX } from './geo-data.fixture.js';

const geosite = geositeFile({
  GOOGLE: [
    { type: DOMAIN, value: 'Google.com' },
    { type: FULL, value: 'ads.google.cn', attributes: ['ads', 'cn'] },
    { type: DOMAIN, value: 'doubleclick.net', attributes: ['Ads'] },
    { type: PLAIN, value: 'gOOgleapis' },
    { type: REGEX, value: '^r[0-9]+\\.gvt\\d\\.com$' },
  ],
  CN: [{ type: DOMAIN, value: 'cn' }],
});
const geoip = geoipFile({ CN: ['1.2.0.0/16', '2001:db8::/32'], PRIVATE: ['10.0.0.0/8', '127.0.0.0/8', 'fc00::/7'] });
const assets = assetsOf({
  'geosite.dat': geosite,
  'geoip.dat': geoip,
  'mine.dat': geositeFile({ LIST: [{ type: FULL, value: 'mine.example' }] }),
  'nets.dat': geoipFile({ Home: ['192.168.1.0/24'] }),
});

function check(rule: object, files = assets): string[] {
  const said: string[] = [];
  const problems: ProblemReporter = {
    error: (path, message) => said.push(`error ${path.join('.')}: ${message}`),
    warning: (path, message) => said.push(`warning ${path.join('.')}: ${message}`),
  };
  fieldRule.check?.(rule, problems, files);
  return said;
}

function matches(rule: object, host: string, change: Partial<RouteQuery> = {}): boolean {
  expect(check(rule).filter((text) => text.startsWith('error'))).toEqual([]);
  const target = destination('tcp', host, 443);
  const ips = target.type === 'ipv4' || target.type === 'ipv6' ? [ipToBytes(host)] : [];
  const source = { address: '10.0.0.9', port: 50000 };
  const query = {
    inboundTag: 'in',
    network: 'tcp',
    source,
    target,
    user: undefined,
    attributes: undefined,
    protocol: undefined,
    ips,
  };
  return fieldRule.compile(rule, assets).matches({ ...query, ...change } as RouteQuery);
}

describe('geosite', () => {
  test.each([
    ['geosite:google', 'www.GOOGLE.com', true],
    ['geosite:google', 'google.com', true],
    ['geosite:google', 'notgoogle.com', false],
    ['geosite:GooGle', 'ads.google.cn', true],
    ['geosite:google', 'x.ads.google.cn', false],
    ['geosite:google', 'fonts.googleapis.example', true],
    ['geosite:google', 'r12.gvt1.com', true],
    ['geosite:google', 'R12.gvt1.com', true],
    ['geosite:google', 'rr.gvt1.com', false],
    ['geosite:google@ads', 'google.com', false],
    ['geosite:google@ads', 'a.doubleclick.net', true],
    ['geosite:google@ADS', 'ads.google.cn', true],
    ['geosite:google@ads@cn', 'ads.google.cn', true],
    ['geosite:google@ads@cn', 'doubleclick.net', false],
    ['geosite:cn', 'www.example.cn', true],
    ['ext:mine.dat:list', 'mine.example', true],
    ['ext-domain:mine.dat:LIST', 'other.example', false],
    ['ext:geosite.dat:google@ads', 'doubleclick.net', true],
  ])('%s has %s: %s', (value, host, expected) => {
    expect(matches({ domain: [value] }, host)).toBe(expected);
  });

  test('counts beside other values', () => {
    expect(matches({ domain: ['full:a.example', 'geosite:cn'] }, 'a.example')).toBe(true);
    expect(matches({ domains: 'full:a.example,geosite:cn' }, 'b.cn')).toBe(true);
  });
});

test('rules that name a category alike have one set of it', () => {
  const setsOf = (...domain: string[]): readonly unknown[] => {
    const key = fieldRule.compile({ domain }, assets).conditions?.[0]?.key;
    return key?.kind === 'domain' ? key.sets : [];
  };
  const [google, cn] = setsOf('geosite:google', 'geosite:cn');
  expect(setsOf('geosite:CN', 'full:a.example', 'geosite:Google')[0]).toBe(cn);
  expect(setsOf('geosite:CN', 'full:a.example', 'geosite:Google')[1]).toBe(google);
  expect(setsOf('geosite:google@ads')[0]).not.toBe(google);
  expect(setsOf('geosite:google@ads')[0]).toBe(setsOf('ext:geosite.dat:google@ADS')[0]);
});

describe('geoip', () => {
  test.each([
    ['geoip:cn', '1.2.3.4', true],
    ['geoip:CN', '1.3.3.4', false],
    ['geoip:cn', '2001:db8::1', true],
    ['geoip:private', '10.1.1.1', true],
    ['geoip:!cn', '1.2.3.4', false],
    ['geoip:!cn', '8.8.8.8', true],
    ['geoip:!cn', '2001:db8::1', false],
    ['geoip:!cn', '2001:db9::1', true],
    ['ext:nets.dat:home', '192.168.1.77', true],
    ['ext-ip:nets.dat:!home', '192.168.1.77', false],
    ['ext-ip:nets.dat:home', '192.168.2.77', false],
  ])('%s has %s: %s', (value, address, expected) => {
    expect(matches({ ip: [value] }, address)).toBe(expected);
    expect(matches({ source: [value] }, 'example.org', { source: { address, port: 1 } })).toBe(expected);
  });

  test('a domain without IPs is neither in nor outside of a country', () => {
    expect(matches({ ip: ['geoip:cn'] }, 'example.org')).toBe(false);
    expect(matches({ ip: ['geoip:!cn'] }, 'example.org')).toBe(false);
  });

  test('several inverse lists count by themselves, as in V2Ray', () => {
    expect(matches({ ip: ['geoip:!cn', 'geoip:!private'] }, '10.0.0.1')).toBe(true);
  });

  test('rules that name a category alike have one set of it', () => {
    const setsOf = (rule: object): readonly unknown[] => {
      const key = fieldRule.compile(rule, assets).conditions?.[0]?.key;
      return key?.kind === 'ip' || key?.kind === 'source' ? key.sets : [];
    };
    expect(setsOf({ ip: ['geoip:CN'] })).toHaveLength(1);
    expect(setsOf({ ip: ['geoip:CN'] })[0]).toBe(setsOf({ source: ['10.0.0.1', 'ext:geoip.dat:cn'] })[0]);
    expect(setsOf({ ip: ['geoip:CN'] })[0]).not.toBe(setsOf({ ip: ['geoip:private'] })[0]);
    // What is outside of a country cannot be looked up.
    expect(setsOf({ ip: ['geoip:!cn', '10.0.0.1'] })).toEqual([]);
  });

  test('asks for the IPs of a domain', () => {
    expect(fieldRule.compile({ ip: ['geoip:cn'] }, assets).needsIp).toBe(true);
    expect(fieldRule.compile({ source: ['geoip:cn'] }, assets).needsIp).toBe(false);
  });
});

describe('what is missing or wrong is an error at the value', () => {
  test.each<[object, string]>([
    [
      { domain: ['a', 'geosite:gogle'] },
      'error domain.1: "geosite:gogle": geosite.dat has no category "gogle"; did you mean "google"?',
    ],
    [{ ip: ['geoip:xx'] }, 'error ip.0: "geoip:xx": geoip.dat has no category "xx"'],
    [{ source: ['geoip:!xx'] }, 'error source.0: "geoip:!xx": geoip.dat has no category "xx"'],
    [{ domain: 'ext:no.dat:a' }, 'error domain: "ext:no.dat:a": there is no file no.dat'],
    [{ domain: ['ext:mine.dat'] }, 'error domain.0: "ext:mine.dat": write "ext:FILE:CATEGORY"'],
    [{ domain: ['ext:a:b:c'] }, 'error domain.0: "ext:a:b:c": write "ext:FILE:CATEGORY"'],
    [{ domain: ['geosite:'] }, 'error domain.0: "geosite:": "geosite:" must be followed by a category'],
    [{ domain: ['geosite:cn@'] }, 'error domain.0: "geosite:cn@": "@" must be followed by an attribute'],
    [
      { ip: ['ext:geosite.dat:google'] },
      'error ip.0: "ext:geosite.dat:google": geosite.dat is not a geo data file of this kind',
    ],
    [
      { domain: ['ext:geoip.dat:cn'] },
      'error domain.0: "ext:geoip.dat:cn": geoip.dat is not a geo data file of this kind',
    ],
    [
      { domain: ['geosite:google@add'] },
      'warning domain.0: "geosite:google@add": no domain of the category has this attribute, so this never matches; did you mean "ads"?',
    ],
  ])('%j', (rule, expected) => {
    const said = check(rule);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(expected);
  });

  test('an expression that is not RE2', () => {
    const files = assetsOf({ 'geosite.dat': geositeFile({ A: [{ type: REGEX, value: '(?=a)' }] }) });
    expect(check({ domain: ['geosite:a'] }, files)).toEqual([expect.stringContaining('not RE2 syntax: (?=a)')]);
  });

  test('a file that is cut off anywhere, or changed, is an error or a smaller file, and never a crash', () => {
    const rules = { domain: ['geosite:google'], ip: ['ext:geosite.dat:cn'] };
    for (let i = 0; i < geosite.length; i += 1) {
      const changed = Buffer.from(geosite);
      changed[i] = changed[i]! ^ 0xff;
      for (const bytes of [geosite.subarray(0, i), changed]) check(rules, assetsOf({ 'geosite.dat': bytes }));
      const cut = assetsOf({ 'geosite.dat': geosite.subarray(0, i) });
      if (i > 0) expect(check({ domain: ['geosite:cn'] }, cut)).toEqual([expect.stringMatching(/^error domain\.0: /)]);
    }
  });
});
