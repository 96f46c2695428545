import { Buffer } from 'node:buffer';
import { parseCidr, SluiceError, type DnsServer, type Logger } from '@sluice/plugin-api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DomainSet } from '../routing/index/domain-index.js';
import { IpSelection } from '../routing/matchers/ip-selection.js';
import { IpSet } from '../routing/matchers/ip-set.js';
import { AnswerCache } from './cache.js';
import { DnsResolver, type DnsResolverOptions } from './dns-resolver.js';
import { Hosts } from './hosts.js';
import { Upstream, type UpstreamOptions } from './upstream.js';
import { buildQuery, withId } from './wire/build.js';
import { offeredSize, parseAnswer, parseQuery, RCODE, TYPE } from './wire/message.js';
import { ip4, reply, soa, type TestReply } from './wire/message.fixture.js';

/** An address, an answer, or else "silence" or a "fault". */
type Zone = Readonly<Record<string, string | TestReply>>;

/** Knows the names of a zone, by name or by name and family; others do not exist. */
class Scripted implements DnsServer {
  readonly asked: string[] = [];
  readonly queries: Buffer[] = [];
  closed = 0;

  constructor(public zone: Zone) {}

  async exchange(query: Buffer): Promise<Buffer> {
    const { name, type } = parseQuery(query)!.question;
    const key = `${name} ${type === TYPE.A ? 4 : type === TYPE.AAAA ? 6 : type}`;
    this.asked.push(key);
    this.queries.push(query);
    const found = this.zone[key] ?? this.zone[name];
    if (found === 'silence') return new Promise(() => undefined);
    if (found === 'fault') throw new SluiceError('E_DIAL_REFUSED', 'no');
    await Promise.resolve();
    if (typeof found === 'object') return reply(query, found);
    const authorities = [{ name: 'example', type: TYPE.SOA, data: soa(20) }];
    if (found === undefined) return reply(query, { rcode: RCODE.NXDOMAIN, authorities });
    if (type !== TYPE.A) return reply(query, { authorities });
    return reply(query, { answers: [{ type, data: ip4(...found.split('.').map(Number)) }] });
  }

  close(): void {
    this.closed += 1;
  }
}

const lines: string[] = [];
const logger = {
  debug: () => undefined,
  info: (message: string) => void lines.push(message),
  warn: (message: string) => void lines.push(message),
} as unknown as Logger;
const none = { error: () => undefined, warning: () => undefined };
const noAssets = { read: () => new Uint8Array() };

function upstream(server: DnsServer, options: Partial<UpstreamOptions> = {}): Upstream {
  return new Upstream({
    name: 'test',
    server,
    domains: undefined,
    expectIps: undefined,
    clientIp: undefined,
    strategy: 'UseIP',
    skipFallback: false,
    isFake: false,
    hostname: '',
    logger,
    ...options,
  });
}

const domains = (...suffixes: readonly string[]): DomainSet =>
  new DomainSet([{ full: [], suffixes, keywords: [], dotless: [], regexps: [] }]);
const addresses = (...blocks: readonly string[]): IpSelection =>
  new IpSelection([new IpSet(blocks.map(parseCidr))], []);

function resolver(upstreams: readonly Upstream[], options: Partial<DnsResolverOptions> = {}): DnsResolver {
  return new DnsResolver({
    hosts: new Hosts({}, none, noAssets),
    upstreams,
    cache: new AnswerCache(100),
    disableFallback: false,
    disableFallbackIfMatch: false,
    system: { resolve: () => Promise.reject(new SluiceError('E_DNS_FAILED', 'not the system')) },
    nameOf: () => undefined,
    forgetFakes: () => undefined,
    logger,
    ...options,
  });
}

const hosts = (entries: Readonly<Record<string, string | readonly string[]>>): { hosts: Hosts } => ({
  hosts: new Hosts(entries, none, noAssets),
});
const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error;
const answerTo = async (dns: DnsResolver, name: string, type: number = TYPE.A) =>
  parseAnswer(await dns.answer(withId(buildQuery(name, type), 0x1234)));

afterEach(() => {
  lines.length = 0;
  vi.useRealTimers();
});

describe('a name', () => {
  test('has the addresses of both families, asked for at once', async () => {
    const aaaa = { answers: [{ type: TYPE.AAAA, data: Buffer.alloc(16, 1) }] };
    const server = new Scripted({ 'a.example 4': '192.0.2.1', 'a.example 6': aaaa });
    const dns = resolver([upstream(server)]);
    expect(await dns.resolve('A.Example.')).toEqual(['192.0.2.1', '101:101:101:101:101:101:101:101']);
    expect(server.asked).toEqual(['a.example 4', 'a.example 6']);
    expect(await dns.resolve('a.example', 6)).toHaveLength(1);
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
  });

  test('may be an address, and must be a name otherwise', async () => {
    const server = new Scripted({});
    const dns = resolver([upstream(server)]);
    expect(await dns.resolve('192.0.2.9')).toEqual(['192.0.2.9']);
    await expect(dns.resolve('')).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    await expect(dns.resolve('a b')).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    await expect(dns.resolve('x'.repeat(64))).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    expect(server.asked).toEqual([]);
  });

  test('in another script is asked for in its ASCII form', async () => {
    const server = new Scripted({ 'xn--bcher-kva.example 4': '192.0.2.1' });
    expect(await resolver([upstream(server)]).resolve('Bücher.example', 4)).toEqual(['192.0.2.1']);
  });

  test('that does not exist, and one that has no address, are told apart', async () => {
    const dns = resolver([upstream(new Scripted({ 'mail.example': { rcode: 0 } }))]);
    await expect(dns.resolve('none.example')).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    await expect(dns.resolve('mail.example')).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    expect((await answerTo(dns, 'none.example')).rcode).toBe(RCODE.NXDOMAIN);
    expect((await answerTo(dns, 'mail.example')).rcode).toBe(RCODE.NOERROR);
  });

  test('of which one family fails has the addresses of the other; if it has none, nothing is known', async () => {
    const server = new Scripted({ 'a.example 4': '192.0.2.1', 'a.example 6': 'fault', 'b.example 4': 'fault' });
    const dns = resolver([upstream(server)]);
    expect(await dns.resolve('a.example')).toEqual(['192.0.2.1']);
    await expect(dns.resolve('b.example')).rejects.toThrow(code('E_DIAL_REFUSED'));
  });
});

describe('hosts', () => {
  const entries = { 'a.example': ['192.0.2.1', '::1'], 'b.example': 'c.example', 'x.example': 'a.example' };

  test('come before all servers', async () => {
    const server = new Scripted({});
    const dns = resolver([upstream(server)], hosts(entries));
    expect(await dns.resolve('a.example')).toEqual(['192.0.2.1', '::1']);
    expect(await dns.resolve('x.example', 6)).toEqual(['::1']);
    expect(await answerTo(dns, 'a.example', TYPE.AAAA)).toMatchObject({ addresses: ['::1'], rcode: 0 });
    await expect(resolver([], hosts({ a: '::1' })).resolve('a', 4)).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    expect(server.asked).toEqual([]);
  });

  test('may say that another name is asked for instead', async () => {
    const server = new Scripted({ 'c.example': '192.0.2.3' });
    const dns = resolver([upstream(server)], hosts(entries));
    expect(await dns.resolve('b.example', 4)).toEqual(['192.0.2.3']);
    // Whoever asks by a message asked for the first name.
    const answer = await answerTo(dns, 'b.example');
    expect(answer).toMatchObject({ addresses: ['192.0.2.3'], question: { name: 'b.example' } });
  });
});

describe('of several servers', () => {
  test('those whose domains fit come first, in their order', async () => {
    const [a, b, c] = [new Scripted({}), new Scripted({ 'x.n': 'fault' }), new Scripted({ 'x.n': '192.0.2.3' })];
    const dns = resolver([upstream(a), upstream(b, { domains: domains('n') }), upstream(c, { domains: domains('n') })]);
    expect(await dns.resolve('x.n', 4)).toEqual(['192.0.2.3']);
    expect([a.asked, b.asked, c.asked]).toEqual([[], ['x.n 4'], ['x.n 4']]);
  });

  test.each<[string, Zone]>([
    ['does not answer', { 'a.example': 'fault' }],
    ['refuses', { 'a.example': { rcode: RCODE.REFUSED } }],
    ['fails', { 'a.example': { rcode: RCODE.SERVFAIL } }],
    ['gives a part', { 'a.example': { isTruncated: true } }],
    ['gives junk', { 'a.example': { answers: [{ type: TYPE.A, data: Buffer.alloc(3) }] } }],
  ])('the next is asked where one %s', async (_what, zone) => {
    const second = new Scripted({ 'a.example': '192.0.2.2' });
    const dns = resolver([upstream(new Scripted(zone)), upstream(second)]);
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.2']);
  });

  test('the next is asked where one is silent for four seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), ms);
      return controller.signal;
    });
    const dns = resolver([
      upstream(new Scripted({ 'a.example': 'silence' })),
      upstream(new Scripted({ 'a.example': '192.0.2.2' })),
    ]);
    const found = dns.resolve('a.example', 4);
    let isOver = false;
    void found.then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(3999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await found).toEqual(['192.0.2.2']);
    vi.restoreAllMocks();
  });

  test('what one says for certain is not asked of the next', async () => {
    const second = new Scripted({ 'a.example': '192.0.2.2', 'b.example': '192.0.2.2' });
    const dns = resolver([upstream(new Scripted({ 'b.example': { rcode: 0 } })), upstream(second)]);
    await expect(dns.resolve('a.example', 4)).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    await expect(dns.resolve('b.example', 4)).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    expect(second.asked).toEqual([]);
  });

  test('addresses that are not expected are left out, and if there are no others it is as if there was no answer', async () => {
    const two = { answers: [ip4(10, 0, 0, 1), ip4(192, 0, 2, 1)].map((data) => ({ type: TYPE.A, data })) };
    const first = new Scripted({ both: two, wrong: '192.0.2.1' });
    const second = new Scripted({ both: '192.0.2.2', wrong: '192.0.2.2' });
    const dns = resolver([upstream(first, { expectIps: addresses('10.0.0.0/8') }), upstream(second)]);
    expect(await dns.resolve('both', 4)).toEqual(['10.0.0.1']);
    expect(await dns.resolve('wrong', 4)).toEqual(['192.0.2.2']);
    expect(second.asked).toEqual(['wrong 4']);
    // It did answer.
    expect(lines).toEqual([]);
  });

  test('a name has no addresses of two of them', async () => {
    const aaaa = { answers: [{ type: TYPE.AAAA, data: Buffer.alloc(16, 1) }] };
    const first = new Scripted({ 'a 4': '10.0.0.1', 'a 6': aaaa });
    const second = new Scripted({ 'a 4': '192.0.2.2', 'a 6': aaaa });
    const dns = resolver([upstream(first, { expectIps: addresses('10.0.0.0/8') }), upstream(second)]);
    for (let i = 0; i < 2; i += 1) expect(await dns.resolve('a')).toEqual(['10.0.0.1']);
    expect(await dns.resolve('a', 6)).toHaveLength(1);
  });

  test.each<[string, Partial<DnsResolverOptions>, boolean, string, string]>([
    ['by default all', {}, false, 'x.n', 'bac'],
    ['by default all', {}, false, 'm', 'abc'],
    ['with skipFallback only for its names', {}, true, 'm', 'bc'],
    ['with skipFallback only for its names', {}, true, 'x.n', 'bc'],
    ['without fallback if matched', { disableFallbackIfMatch: true }, false, 'x.n', 'b'],
    ['without fallback if matched', { disableFallbackIfMatch: true }, false, 'm', 'abc'],
    ['without fallback', { disableFallback: true }, false, 'x.n', 'b'],
    ['without fallback the first, as V2Ray', { disableFallback: true }, false, 'm', 'a'],
  ])('%s are asked (%j, %j): %s', async (_what, options, skipFallback, name, order) => {
    const asked: string[] = [];
    const failing = (letter: string): DnsServer => ({
      exchange: () => {
        asked.push(letter);
        return Promise.reject(new SluiceError('E_DNS_FAILED', 'no'));
      },
    });
    const dns = resolver(
      [
        upstream(failing('a'), { skipFallback }),
        upstream(failing('b'), { domains: domains('n') }),
        upstream(failing('c')),
      ],
      options,
    );
    await expect(dns.resolve(name, 4)).rejects.toThrow(code('E_DNS_FAILED'));
    expect(asked.join('')).toBe(order);
  });

  test('only those are asked that are for the family', async () => {
    const [four, six] = [new Scripted({ a: '192.0.2.1' }), new Scripted({ a: '192.0.2.2' })];
    const dns = resolver([upstream(four, { strategy: 'UseIPv4' }), upstream(six, { strategy: 'UseIPv6' })]);
    expect(await dns.resolve('a')).toEqual(['192.0.2.1']);
    expect([four.asked, six.asked]).toEqual([['a 4'], ['a 6']]);
    const only = resolver([upstream(new Scripted({ a: '192.0.2.1' }), { strategy: 'UseIPv4' })]);
    expect(await answerTo(only, 'a', TYPE.AAAA)).toMatchObject({ rcode: 0, addresses: [] });
  });

  test('one that fails is complained of once, and once it is back that is said', async () => {
    const server = new Scripted({ a: 'fault', b: 'fault', c: '192.0.2.1' });
    const dns = resolver([upstream(server)]);
    for (const name of ['a', 'b', 'c', 'x']) await dns.resolve(name).catch(() => undefined);
    expect(lines).toEqual(['the DNS server test does not answer: no', 'the DNS server test answers again']);
  });

  test("a server's own name is never asked of servers", async () => {
    const server = new Scripted({ 'dns.example': '192.0.2.1' });
    const system = { resolve: vi.fn(() => Promise.resolve(['192.0.2.53'])) };
    const own = upstream(server, { hostname: 'dns.example' });
    expect(await resolver([own], { system }).resolve('DNS.example', 4)).toEqual(['192.0.2.53']);
    expect(system.resolve).toHaveBeenCalledWith('dns.example', 4);
    const byHosts = resolver([own], { system, ...hosts({ 'dns.example': '192.0.2.54' }) });
    expect(await byHosts.resolve('dns.example')).toEqual(['192.0.2.54']);
    expect(server.asked).toEqual([]);
  });

  test('one that knows no extensions is asked without them', async () => {
    const asked: boolean[] = [];
    const old: DnsServer = {
      exchange: (query) => {
        asked.push(offeredSize(query) !== undefined);
        if (offeredSize(query) === undefined)
          return Promise.resolve(reply(query, { answers: [{ type: TYPE.A, data: ip4(192, 0, 2, 1) }] }));
        // As some do: nothing but a header.
        const header = Buffer.from(query.subarray(0, 12)).fill(0, 4);
        header.writeUInt16BE(0x8000 | RCODE.FORMERR, 2);
        return Promise.resolve(header);
      },
    };
    const dns = resolver([upstream(old, { clientIp: '192.0.2.9' })]);
    expect(await dns.resolve('a', 4)).toEqual(['192.0.2.1']);
    expect(await dns.resolve('b', 4)).toEqual(['192.0.2.1']);
    expect(asked).toEqual([true, false, false]);
    const broken = new Scripted({ a: { rcode: RCODE.FORMERR } });
    await expect(resolver([upstream(broken)]).resolve('a', 4)).rejects.toThrow(code('E_DNS_FAILED'));
    expect(broken.asked).toHaveLength(2);
  });

  test("tells the clients' network where it is to", async () => {
    const server = new Scripted({ a: '192.0.2.1' });
    await resolver([upstream(server, { clientIp: '198.51.100.7' })]).resolve('a', 4);
    expect(server.queries[0]?.toString('hex')).toContain('000800070001' + '1800' + 'c63364');
  });
});

describe('what is known', () => {
  test('is kept for its time, which is counted down', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const answers = [{ type: TYPE.A, ttl: 60, data: ip4(192, 0, 2, 1) }];
    const server = new Scripted({ 'a.example': { answers } });
    const dns = resolver([upstream(server)]);
    expect((await answerTo(dns, 'a.example')).ttl).toBe(60);
    vi.setSystemTime(Date.now() + 25_500);
    expect((await answerTo(dns, 'a.example')).ttl).toBe(35);
    expect(await dns.resolve('a.example', 4)).toEqual(['192.0.2.1']);
    expect(server.asked).toHaveLength(1);
    vi.setSystemTime(Date.now() + 34_500);
    expect((await answerTo(dns, 'a.example')).ttl).toBe(60);
    expect(server.asked).toHaveLength(2);
  });

  test('that there is nothing is kept as long as the zone says', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const server = new Scripted({});
    const dns = resolver([upstream(server)]);
    for (const wait of [0, 19_000, 1000]) {
      vi.setSystemTime(Date.now() + wait);
      await expect(dns.resolve('a', 4)).rejects.toThrow(code('E_DNS_NOT_FOUND'));
    }
    expect(server.asked).toHaveLength(2);
  });

  test('is not kept if it failed', async () => {
    const server = new Scripted({ a: 'fault' });
    const dns = resolver([upstream(server)]);
    await expect(dns.resolve('a', 4)).rejects.toThrow(code('E_DIAL_REFUSED'));
    server.zone = { a: '192.0.2.1' };
    expect(await dns.resolve('a', 4)).toEqual(['192.0.2.1']);
  });

  test('is asked for once, however many want to know', async () => {
    const server = new Scripted({ a: '192.0.2.1' });
    const dns = resolver([upstream(server)], { cache: new AnswerCache(0) });
    const found = await Promise.all(Array.from({ length: 100 }, () => dns.resolve('a', 4)));
    expect(new Set(found.map(String))).toEqual(new Set(['192.0.2.1']));
    expect(server.asked).toEqual(['a 4']);
    await dns.resolve('a', 4);
    expect(server.asked).toHaveLength(2);
  });

  test('is asked for a thousand names at a time, and no more', async () => {
    const server = new Scripted(Object.fromEntries(Array.from({ length: 1024 }, (_, i) => [`n${i}`, 'silence'])));
    const dns = resolver([upstream(server)]);
    for (let i = 0; i < 1024; i += 1) void dns.resolve(`n${i}`, 4).catch(() => undefined);
    await expect(dns.resolve('one-more', 4)).rejects.toThrow(code('E_DNS_FAILED'));
    expect(server.asked).toHaveLength(1024);
    for (let i = 0; i < 1024; i += 1) void dns.answer(buildQuery(`n${i}`, 16));
    expect(parseAnswer(await dns.answer(buildQuery('one-more', 16))).rcode).toBe(RCODE.SERVFAIL);
    expect(server.asked).toHaveLength(2048);
  });

  test('is forgotten when told, and servers are closed with it', async () => {
    const forgetFakes = vi.fn();
    const server = new Scripted({ a: '192.0.2.1' });
    const dns = resolver([upstream(server)], { forgetFakes });
    await dns.resolve('a', 4);
    dns.flush('answers');
    await dns.resolve('a', 4);
    expect(server.asked).toHaveLength(2);
    dns.flush('fakes');
    expect(forgetFakes).toHaveBeenCalledOnce();
    dns.close();
    expect(server.closed).toBe(1);
  });

  test('is still waited for when it is all over, for a moment', async () => {
    let answer: (() => void) | undefined;
    const server = new Scripted({ a: '192.0.2.1', b: 'silence' });
    const slow: DnsServer = {
      exchange: async (query) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return server.exchange(query);
      },
      close: () => server.close(),
    };
    const dns = resolver([upstream(slow)]);
    const found = dns.resolve('a', 4);
    dns.close();
    expect(server.closed).toBe(0);
    answer?.();
    expect(await found).toEqual(['192.0.2.1']);
    await vi.waitFor(() => expect(server.closed).toBe(1));
    const silent = new Scripted({ b: 'silence' });
    const other = resolver([upstream(silent)]);
    void other.resolve('b', 4).catch(() => undefined);
    other.close();
    await vi.waitFor(() => expect(silent.closed).toBe(1), 3000);
  });
});

describe('a message', () => {
  test('for other records goes to the first fitting server as it is', async () => {
    const text = { answers: [{ type: 16, data: Buffer.from('\x02hi') }] };
    const [a, b] = [new Scripted({}), new Scripted({ 'x.n': text })];
    const dns = resolver([upstream(a), upstream(b, { domains: domains('n') })]);
    const query = withId(buildQuery('x.n', 16), 77);
    expect(await dns.answer(query)).toEqual(reply(query, text));
    expect([a.queries, b.queries]).toEqual([[], [query]]);
  });

  test('for other records goes to the next server where one fails, and fails if all do', async () => {
    const text = { answers: [{ type: 16, data: Buffer.from('\x02hi') }] };
    const dns = resolver([
      upstream(new Scripted({ a: 'fault', b: 'fault' })),
      upstream(new Scripted({ a: text, b: 'fault' })),
    ]);
    expect(parseAnswer(await dns.answer(buildQuery('a', 16))).rcode).toBe(RCODE.NOERROR);
    expect(parseAnswer(await dns.answer(buildQuery('b', 16))).rcode).toBe(RCODE.SERVFAIL);
    expect((await answerTo(dns, 'b')).rcode).toBe(RCODE.SERVFAIL);
  });

  test.each([251, 252, 255])('of type %i, for many records, is refused', async (type) => {
    const server = new Scripted({ a: '192.0.2.1' });
    expect((await answerTo(resolver([upstream(server)]), 'a', type)).rcode).toBe(RCODE.REFUSED);
    expect(server.asked).toEqual([]);
  });

  test('of another class is refused, and what is no query is an error', async () => {
    const dns = resolver([upstream(new Scripted({}))]);
    const chaos = buildQuery('a', TYPE.A);
    chaos[18] = 3;
    expect((await dns.answer(chaos))[3]! & 15).toBe(RCODE.REFUSED);
    for (const junk of [Buffer.alloc(0), Buffer.of(1), Buffer.alloc(12), Buffer.alloc(40, 0xff)]) {
      const answer = await dns.answer(junk);
      expect(answer.length).toBeGreaterThanOrEqual(12);
      expect(answer[3]! & 15).toBe(RCODE.FORMERR);
    }
  });

  test('that offers large packets is told the same', async () => {
    const answer = await resolver([], hosts({ a: '192.0.2.1' })).answer(buildQuery('a', TYPE.A));
    answer[2] = 0;
    expect(offeredSize(answer)).toBe(1232);
  });

  test('for made-up addresses is asked of those who make them up; whoever connects gets real ones', async () => {
    const fake = new Scripted({ a: '198.18.0.1' });
    const real = new Scripted({ a: '192.0.2.1', 'x.real': '192.0.2.2' });
    const dns = resolver([upstream(fake, { isFake: true }), upstream(real, { domains: domains('real') })]);
    expect(await dns.resolve('a', 4)).toEqual(['192.0.2.1']);
    // Not even what is known for certain comes before it.
    expect((await answerTo(dns, 'a')).addresses).toEqual(['198.18.0.1']);
    expect((await answerTo(dns, 'x.real')).addresses).toEqual(['192.0.2.2']);
    expect(await dns.resolve('a', 4)).toEqual(['192.0.2.1']);
    expect(fake.asked).toEqual(['a 4']);
  });
});
