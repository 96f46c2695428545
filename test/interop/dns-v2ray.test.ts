import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { dig, type DigAnswer } from '../peers/dig.js';
import { startDnsmasq } from '../peers/dnsmasq.js';
import { startUnbound } from '../peers/unbound.js';
import { startV2ray } from '../peers/v2ray.js';
import { askedConfig, at, records, startAsked, type AskedConfig } from './dns.fixture.js';
import { Started } from './program.fixture.js';

type Ports = Readonly<Record<'unbound' | 'dnsmasq', number>>;

/** In lower case: V2Ray's lists of names heed it. */
const questions: readonly (readonly string[])[] = [
  ['a.example', 'A'],
  ['a.example', 'AAAA'],
  ['+tcp', 'a.example', 'A'],
  ['four.example', 'A'],
  ['six.example', 'AAAA'],
  ['alias.example', 'A'],
  ['text.example', 'TXT'],
  ['mail.example', 'MX'],
  ['+tcp', 'mail.example', 'MX'],
  ['x.inner.example', 'A'],
  ['only.example', 'A'],
  ['only.example', 'AAAA'],
];

const configs: Readonly<Record<string, (ports: Ports) => AskedConfig>> = {
  'one server': ({ unbound }) => ({ dns: { servers: [at(unbound)] } }),
  hosts: ({ unbound }) => ({
    dns: {
      servers: [at(unbound)],
      hosts: {
        'a.example': '198.51.100.1',
        'domain:inner.example': '198.51.100.2',
        'keyword:only': '2001:db8::7',
        'regexp:^f.ur\\.': '198.51.100.3',
      },
    },
  }),
  'a name for another': ({ unbound }) => ({
    dns: { servers: [at(unbound)], hosts: { 'only.example': 'a.example', 'x.inner.example': 'four.example' } },
  }),
  'servers for names': ({ unbound, dnsmasq }) => ({
    dns: { servers: [at(unbound), at(dnsmasq, { domains: ['full:a.example', 'domain:only.example', 'inner'] })] },
  }),
  'expected addresses': ({ unbound, dnsmasq }) => ({
    dns: {
      servers: [
        at(unbound, { domains: ['domain:example'], expectIPs: ['192.0.2.2/32', '2001:db8::/32'] }),
        at(dnsmasq),
      ],
    },
  }),
  'questions led by the tag': ({ unbound, dnsmasq }) => ({
    dns: { servers: [at(unbound)], tag: 'resolver' },
    rules: [{ inboundTag: ['resolver'], outboundTag: 'elsewhere' }],
    outbounds: [{ tag: 'elsewhere', protocol: 'dns', settings: { address: '127.0.0.1', port: dnsmasq } }],
  }),
  'other questions elsewhere': ({ unbound, dnsmasq }) => ({
    dns: { servers: [at(unbound)] },
    settings: { address: '127.0.0.1', port: dnsmasq, network: 'tcp' },
  }),
};

describePeers('the same dns through V2Ray and through us', ['v2ray', 'unbound', 'dnsmasq', 'dig'], () => {
  const started = new Started();
  afterEach(() => started.close());

  it.each(Object.entries(configs))('%s', async (_, configOf) => {
    const unbound = started.add(await startUnbound({ records }));
    const dnsmasq = started.add(
      await startDnsmasq([
        ...['a.example,203.0.113.1,2001:db8:1::1', 'only.example,203.0.113.2', 'four.example,203.0.113.4'].map(
          (record) => `--host-record=${record}`,
        ),
        '--address=/inner.example/203.0.113.9',
        '--txt-record=text.example,elsewhere',
      ]),
    );
    const config = configOf({ unbound: unbound.port, dnsmasq: dnsmasq.port });
    const { port } = await startAsked(started, unbound.port, config);
    const theirs = started.add(
      await startV2ray({ log: { loglevel: 'warning' }, ...askedConfig(unbound.port, config) }),
    );
    const summary = ({ data, status, isByTcp }: DigAnswer): unknown => ({ status, isByTcp, data });
    const outcome = async (from: number): Promise<Record<string, unknown>> => {
      const found: Record<string, unknown> = {};
      for (const question of questions) found[question.join(' ')] = summary(await dig(from, '+time=6', ...question));
      return found;
    };
    const [ours, expected] = [await outcome(port), await outcome(theirs.port)];
    expect(ours).toEqual(expected);
    expect(new Set(Object.values(ours).map((each) => JSON.stringify(each))).size).toBeGreaterThan(4);
  });
});
