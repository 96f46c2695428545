import type { ProblemReporter } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { mtprotoInbound } from './index.js';

const a = 'b0cbcef5a486d9636472ac27f8e11a9d';
const b = '00112233445566778899aabbccddeeff';

function check(settings: object): string[] {
  const found: string[] = [];
  const report =
    (severity: string): ProblemReporter['error'] =>
    (path, message, { related = [] } = {}) => {
      const others = related.map((other) => ` (${other.path.join('.')})`).join('');
      found.push(`${severity} ${path.join('.')}: ${message}${others}`);
    };
  mtprotoInbound.check?.(settings, { error: report('error'), warning: report('warning') });
  return found;
}

describe('the check of inbound settings', () => {
  it('is content with good ones', () => {
    expect(
      check({
        users: [
          { secret: a, email: 'a@x' },
          { secret: `dd${b}`, email: 'b@x', level: 1 },
        ],
        dataCenters: { 2: ['127.0.0.1:443', '[::1]:443'], '-2': ['dc.test:80'], 203: ['127.0.0.1:1'] },
      }),
    ).toEqual([]);
  });

  it.each([[{}], [{ users: [] }]])('asks for a user: %j', (settings) => {
    expect(check(settings)).toEqual([expect.stringMatching(/^error users: zero MTProto users configured/)]);
  });

  it('names the user whose secret is bad, and not the secret', () => {
    const found = check({ users: [{ secret: a }, { secret: a.slice(3) }, { secret: `ee${b}2e` }] });
    expect(found).toEqual([
      expect.stringMatching(/^error users\.1\.secret: .*has 29/),
      expect.stringMatching(/^error users\.2\.secret: .*fake TLS/),
    ]);
    expect(found.join()).not.toContain(a.slice(4, 12));
  });

  it('finds doubled secrets, whatever their form, and warns of doubled emails', () => {
    expect(
      check({ users: [{ secret: a, email: 'x' }, { secret: `dd${a.toUpperCase()}`, email: 'x' }, { secret: b }] }),
    ).toEqual([
      expect.stringMatching(/^error users\.1\.secret: the same secret as that of users\[0\].* \(users\.0\.secret\)$/),
      expect.stringMatching(/^warning users\.1\.email: the same email as that of users\[0\]/),
    ]);
  });

  it('finds bad data centres', () => {
    expect(
      check({
        users: [{ secret: a }],
        dataCenters: { two: ['127.0.0.1:1'], 0: ['127.0.0.1:1'], 2: [], 3: ['127.0.0.1:1', '127.0.0.1', '::1:443'] },
      }).sort(),
    ).toEqual([
      expect.stringMatching(/^error dataCenters\.0: not the id/),
      expect.stringMatching(/^error dataCenters\.2: .*at least one/),
      expect.stringMatching(/^error dataCenters\.3\.1: .*port/),
      expect.stringMatching(/^error dataCenters\.3\.2: .*\[address\]:port/),
      expect.stringMatching(/^error dataCenters\.two: not the id/),
    ]);
  });

  it('finds users who could not come, and names that are none', () => {
    const tls = { serverNames: ['front.example', 'not a name', '192.0.2.1'] };
    expect(check({ users: [{ secret: a }], tls })).toEqual([
      'error tls.serverNames.1: not a host name',
      'error tls.serverNames.2: not a host name',
    ]);
    expect(check({ users: [{ secret: a }], modes: ['tls'] })).toEqual([
      expect.stringMatching(/^error users\.0\.secret: no client can use it: .*"tls\.serverNames"/),
    ]);
    const ee = `ee${b}${Buffer.from('front.example').toString('hex')}`;
    expect(check({ users: [{ secret: `dd${a}` }, { secret: ee }], modes: ['plain'] })).toEqual([
      expect.stringMatching(/^error users\.0\.secret: no client can use it: its kind is "padded"/),
      expect.stringMatching(/^error users\.1\.secret: no client can use it: its kind is "tls"/),
    ]);
  });

  it('finds what is wrong with hosts, proxies and files', () => {
    expect(
      check({
        users: [{ secret: a, quota: { total: 5 } }],
        fronting: { host: 'nowhere', byServerName: { 'a.example': '/run/a.sock' } },
        proxyProtocol: { from: ['10.0.0.0/33'] },
        replay: { seconds: 100, stateFile: 'x' },
        usageFile: 'x',
        middleProxy: { natAddress: '::zz' },
      }),
    ).toEqual([
      expect.stringMatching(/^error fronting\.host: /),
      expect.stringMatching(/^error replay\.seconds: must be more than 240/),
      expect.stringMatching(/^error replay\.stateFile: the same file as "usageFile"/),
      expect.stringMatching(/^error proxyProtocol\.from\.0: /),
      expect.stringMatching(/^warning middleProxy: has no effect/),
      expect.stringMatching(/^error middleProxy\.natAddress: /),
    ]);
  });

  it('wants names to front by, each once', () => {
    const byServerName = { 'a.example': 'b:1', 'A.example': 'c:1', 'no name': 'd:1' };
    expect(check({ users: [{ secret: a }], fronting: { byServerName } })).toEqual([
      'error fronting.byServerName.A.example: the same name as "a.example": case does not count',
      'error fronting.byServerName.no name: the key is not a host name',
    ]);
  });

  it('says which empty lists and amounts do nothing, each once', () => {
    expect(check({ users: [{ secret: a, quota: {} }], proxyProtocol: { from: [] } })).toEqual([
      'warning users.0.quota: limits nothing: it names no amount',
      'warning proxyProtocol.from: an empty list is as good as none',
    ]);
  });
});
