import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  MemoryLogger,
  MemoryStats,
  startFakeProxyConfigServer,
  type ConfigDocument,
  type FakeProxyConfigServer,
} from '@sluice/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AddressFamily } from '../../data-centers/address-family.js';
import { MiddleProxies } from '../middle-proxies.js';
import type { MiddleProxySettings } from '../settings.js';
import { DirectDispatcher } from './direct.fixture.js';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-lists-'));
  toClose.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

const documents: readonly ConfigDocument[] = ['getProxySecret', 'getProxyConfig', 'getProxyConfigV6'];
const config = 'default 2;\nproxy_for 2 192.0.2.2:8888;\nproxy_for -2 192.0.2.3:8888;\n';
const tag = Buffer.alloc(16, 7);

/** Telegram's server, over HTTPS. */
async function serve(): Promise<FakeProxyConfigServer> {
  const server = await startFakeProxyConfigServer({ addressesV6: { 2: ['[2001:db8::2]:8888'] } });
  server.serve('getProxyConfig', config);
  toClose.push(() => server.close());
  return server;
}

function urls({ origin }: FakeProxyConfigServer): MiddleProxySettings {
  return {
    secretUrl: `${origin}/getProxySecret`,
    configUrl: `${origin}/getProxyConfig`,
    configUrlV6: `${origin}/getProxyConfigV6`,
  };
}

interface Known {
  readonly proxies: MiddleProxies;
  readonly dispatcher: DirectDispatcher;
  readonly logger: MemoryLogger;
  readonly stats: MemoryStats;
  hosts(dc?: number): string[];
}

/** What an inbound with these settings knows; it has begun to fetch. */
function start(
  server: FakeProxyConfigServer,
  settings: MiddleProxySettings = {},
  addressFamily: AddressFamily = 'prefer-ipv4',
  previous?: Known,
): Known {
  const [dispatcher, logger, stats] = [new DirectDispatcher(), new MemoryLogger(), new MemoryStats()];
  const proxies = new MiddleProxies({
    settings: { ...urls(server), ...settings },
    addressFamily,
    tag: 'tg',
    dispatcher,
    logger,
    stats,
    ...(server.certificate === undefined ? {} : { authorities: server.certificate }),
  });
  toClose.push(async () => {
    proxies.close();
    await dispatcher.quiet();
  });
  const hosts = (dc = 2): string[] => {
    const target = proxies.requestFor(dc, tag);
    return target === undefined ? [] : [target.preferred, ...target.alternatives].map(({ host }) => host);
  };
  if (previous !== undefined) proxies.recall(previous.proxies);
  proxies.start();
  return { proxies, dispatcher, logger, stats, hosts };
}

const passedBy = ({ stats }: Known): number => stats.counter('inbound>>>tg>>>middleProxy>>>passedBy').value;

describe('the middle proxies', () => {
  it('are known once secret and lists have been fetched through the router', async () => {
    const server = await serve();
    const known = start(server);
    expect(known.hosts()).toEqual([]);
    await vi.waitFor(() => expect(known.hosts()).toEqual(['192.0.2.2', '2001:db8::2']));
    const target = known.proxies.requestFor(-2, tag);
    expect(target).toMatchObject({ secret: server.secret, adTag: tag, preferred: { host: '192.0.2.3' } });
    expect(known.dispatcher.asked.map(({ host, port }) => `${host}:${port}`)).toEqual(
      new Array(3).fill(`localhost:${server.port}`),
    );
    for (const session of known.dispatcher.sessions) {
      expect([session.inboundProtocol, session.signal.aborted]).toEqual(['mtproto', true]);
    }
  });

  it('are those of the address family that is wanted', async () => {
    const server = await serve();
    const known = start(server, {}, 'only-ipv6');
    await vi.waitFor(() => expect(known.hosts()).toEqual(['2001:db8::2']));
    expect(documents.map((document) => server.requests(document))).toEqual([1, 0, 1]);
    const other = start(server, {}, 'prefer-ipv6');
    await vi.waitFor(() => expect(other.hosts()).toEqual(['2001:db8::2', '192.0.2.2']));
  });

  it('are known in part if a part cannot be fetched', async () => {
    const server = await serve();
    server.spoil('getProxyConfig', 'page');
    const known = start(server);
    await vi.waitFor(() => expect(known.hosts()).toEqual(['2001:db8::2']));
  });

  it('are known from the start to an inbound that succeeds another, also who of them failed of late', async () => {
    const server = await serve();
    const before = start(server);
    await vi.waitFor(() => expect(before.hosts()).toEqual(['192.0.2.2', '2001:db8::2']));
    const target = before.proxies.requestFor(2, tag);
    target?.failed(target.preferred);
    server.spoil('getProxySecret', 'error');
    expect(start(server, { natAddress: '192.0.2.9' }, 'prefer-ipv4', before).hosts()).toEqual(['2001:db8::2']);
    // What was fetched from elsewhere, or for other families, is no answer.
    expect(start(server, {}, 'only-ipv6', before).hosts()).toEqual([]);
    const elsewhere = `${server.origin}/getProxyConfig?x`;
    expect(start(server, { configUrl: elsewhere }, 'prefer-ipv4', before).hosts()).toEqual([]);
  });

  it('are not fetched while it rests, and at once when it goes on', async () => {
    const server = await serve();
    const known = start(server, { refresh: 60 });
    await vi.waitFor(() => expect(known.hosts()).toEqual(['192.0.2.2', '2001:db8::2']));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    toClose.push(() => void vi.useRealTimers());
    const requests = (): number[] => documents.map((document) => server.requests(document));
    // Neither rests nor goes on twice.
    known.proxies.rest();
    known.proxies.resume();
    known.proxies.resume();
    await vi.waitFor(() => expect(requests()).toEqual([2, 2, 2]));
    await known.dispatcher.quiet();
    known.proxies.rest();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([requests(), vi.getTimerCount()]).toEqual([[2, 2, 2], 0]);
    expect(known.hosts()).toEqual(['192.0.2.2', '2001:db8::2']);
    known.proxies.close();
    known.proxies.resume();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are passed by until then, which is counted and said once', async () => {
    const server = await serve();
    server.spoil('getProxySecret', 'error');
    const known = start(server);
    const wrong = /proxy-secret could not be fetched from https:.*status 500/;
    await vi.waitFor(() => expect(known.logger.lines.join('\n')).toMatch(wrong));
    for (let i = 0; i < 3; i += 1) expect(known.hosts()).toEqual([]);
    expect(passedBy(known)).toBe(3);
    expect(known.logger.lines.filter((line) => line.includes('past the middle proxies'))).toHaveLength(1);
    expect(known.logger.lines.join()).not.toContain(server.secret.toString('hex'));
  });

  it('are left alone for a while where they fail, and passed by where all do', async () => {
    const known = start(await serve());
    await vi.waitFor(() => expect(known.hosts()).toHaveLength(2));
    const before = passedBy(known);
    const target = known.proxies.requestFor(2, tag)!;
    target.failed(target.preferred);
    expect(known.hosts()).toEqual(['2001:db8::2']);
    target.failed(target.alternatives[0]!);
    expect(known.hosts()).toEqual([]);
    expect(passedBy(known)).toBe(before + 1);
    target.worked(target.preferred);
    expect(known.hosts()).toEqual(['192.0.2.2']);
    expect(known.logger.lines.at(-1)).toMatch(/through the middle proxies again/);
  });

  it('are no way to a test data centre', async () => {
    const known = start(await serve());
    await vi.waitFor(() => expect(known.hosts()).toHaveLength(2));
    const before = passedBy(known);
    expect(known.hosts(10_002)).toEqual([]);
    expect(passedBy(known)).toBe(before);
  });

  it('make other pools of other secrets and addresses', async () => {
    const server = await serve();
    const [a, b] = [start(server), start(server, { natAddress: '203.0.113.1' })];
    await vi.waitFor(() => expect([...a.hosts(), ...b.hosts()]).toHaveLength(4));
    server.serve('getProxySecret', randomBytes(128));
    const c = start(server);
    await vi.waitFor(() => expect(c.hosts()).toHaveLength(2));
    const keys = [a, b, c].map(({ proxies }) => proxies.requestFor(2, tag)?.poolKey);
    expect(new Set(keys).size).toBe(3);
  });
});

describe('the lists', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const minutes = (n: number): number => n * 60_000;
  /** All three have been asked for once more, and what came has been taken. */
  const fetched = async (server: FakeProxyConfigServer, known: Known): Promise<void> => {
    for (let i = 0; i < 3; i += 1) await server.nextRequest();
    await known.dispatcher.quiet();
    await new Promise((resolve) => setImmediate(resolve));
  };

  it('are fetched again when their time has come, and not before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await serve();
    const known = start(server, { refresh: 3600 });
    await fetched(server, known);
    server.serve('getProxyConfig', 'proxy_for 2 192.0.2.77:1;');
    vi.advanceTimersByTime(minutes(53));
    expect(server.requests('getProxyConfig')).toBe(1);
    vi.advanceTimersByTime(minutes(14));
    await fetched(server, known);
    await vi.waitFor(() => expect(known.hosts()).toEqual(['192.0.2.77', '2001:db8::2']));
  });

  it('are used on while they cannot be fetched, which is tried again sooner, at longer and longer intervals', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await serve();
    const known = start(server);
    await fetched(server, known);
    for (const document of documents) server.spoil(document, 'closes');
    vi.advanceTimersByTime(minutes(27 * 60));
    await fetched(server, known);
    expect(known.hosts()).toHaveLength(2);
    for (const seconds of [10, 20, 40]) {
      const before = server.requests('getProxySecret');
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
      vi.advanceTimersByTime(seconds * 890);
      expect(server.requests('getProxySecret')).toBe(before);
      vi.advanceTimersByTime(seconds * 220);
      await fetched(server, known);
    }
    for (const document of documents) server.spoil(document, undefined);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    vi.advanceTimersByTime(88_001);
    await fetched(server, known);
    expect(known.hosts()).toHaveLength(2);
    // Once for each document, however often it failed.
    expect(known.logger.lines.filter((line) => line.includes('could not be fetched'))).toHaveLength(3);
  });

  it('are fetched no more once closed, not even what is under way', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await serve();
    for (const document of documents) server.spoil(document, 'silent');
    const known = start(server);
    for (let i = 0; i < 3; i += 1) await server.nextRequest();
    known.proxies.close();
    await known.dispatcher.quiet();
    vi.advanceTimersByTime(minutes(60 * 24 * 7));
    expect(server.requests('getProxySecret')).toBe(1);
    expect(known.logger.lines).toEqual([]);
  });
});

describe('the cache', () => {
  it('keeps what was fetched, and nothing half-written', async () => {
    const cacheFolder = join(await folder(), 'made', 'when-needed');
    const server = await serve();
    const known = start(server, { cacheFolder });
    await vi.waitFor(() => expect(known.hosts()).toHaveLength(2));
    expect((await readdir(cacheFolder)).sort()).toEqual(['proxy-config', 'proxy-config-v6', 'proxy-secret']);
    expect(await readFile(join(cacheFolder, 'proxy-secret'))).toEqual(server.secret);
    expect(await readFile(join(cacheFolder, 'proxy-config'), 'utf8')).toBe(config);
  });

  it('serves where nothing can be fetched', async () => {
    const cacheFolder = await folder();
    await writeFile(join(cacheFolder, 'proxy-secret'), randomBytes(128));
    await writeFile(join(cacheFolder, 'proxy-config'), config);
    const server = await serve();
    for (const document of documents) server.spoil(document, 'garbage');
    const known = start(server, { cacheFolder });
    await vi.waitFor(() => expect(known.hosts()).toEqual(['192.0.2.2']));
    for (let i = 0; i < 3; i += 1) await server.nextRequest();
    await known.dispatcher.quiet();
    expect(known.hosts()).toEqual(['192.0.2.2']);
  });

  it('is not believed when it makes no sense, and is not spoiled by an answer that makes none', async () => {
    const cacheFolder = await folder();
    await writeFile(join(cacheFolder, 'proxy-secret'), 'short');
    await writeFile(join(cacheFolder, 'proxy-config'), config);
    await writeFile(join(cacheFolder, 'proxy-config-v6'), Buffer.alloc(300_000));
    const server = await serve();
    server.serve('getProxyConfig', '<html>Log in to use this network</html>');
    const known = start(server, { cacheFolder });
    await vi.waitFor(() => expect(known.hosts()).toContain('192.0.2.2'));
    const lines = known.logger.lines.join('\n');
    expect(lines).toMatch(/cached proxy-secret is not used/);
    expect(lines).toMatch(/cached proxy-config-v6 is not used/);
    await vi.waitFor(async () => expect(await readFile(join(cacheFolder, 'proxy-secret'))).toEqual(server.secret));
    expect(await readFile(join(cacheFolder, 'proxy-config'), 'utf8')).toBe(config);
  });

  it('that cannot be written to is said, and everything else works', async () => {
    const cacheFolder = join(await folder(), 'file');
    await writeFile(cacheFolder, '');
    const known = start(await serve(), { cacheFolder });
    await vi.waitFor(() => expect(known.hosts()).toHaveLength(2));
    expect(known.logger.lines.join('\n')).toMatch(/known until the next restart only/);
  });
});
