import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { connectMtproto, startFakeDc, type FakeDc, type MtprotoClientOptions } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InboundUsers, SluiceError } from '@sluice/plugin-api';
import { nothingOpen, startProxy, type TestProxy } from './proxy.fixture.js';

const key = (): string => randomBytes(16).toString('hex');
const inTls = (secret: string, name: string): string => `ee${secret}${Buffer.from(name).toString('hex')}`;

let dataCenter: FakeDc;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  dataCenter = await startFakeDc();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await dataCenter.close();
});

async function start(settings: object): Promise<{ proxy: TestProxy; users: InboundUsers }> {
  const inbound = { dataCenters: { 2: [dataCenter.address] }, strangers: 'close', ...settings };
  const proxy = await startProxy({ inbound, policy: { handshake: 2000 } });
  cleanups.push(async () => {
    await proxy.quiet();
    await proxy.close();
    expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  });
  return { proxy, users: proxy.inbound.inbound.users! };
}

/** The e-mail of the user as whom a client is served; false if it is not served. */
async function servedAs(
  proxy: TestProxy,
  secret: string,
  options: Partial<MtprotoClientOptions> = {},
): Promise<string | false> {
  let served = false;
  try {
    const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, timeout: 3000, secret, ...options });
    try {
      await client.requestPq();
      served = true;
    } finally {
      await client.close();
    }
  } catch {
    // Strangers are closed or answered by somebody else.
  }
  const { session } = await proxy.inbound.nextEnd();
  return served && (session.user?.email ?? false);
}

function refusal(users: InboundUsers, entry: unknown): SluiceError {
  try {
    users.add(entry);
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('was taken');
}

describe('a user who comes while the inbound runs', () => {
  it.each([1, 3000])('is let in at once beside %i others, in each mode, and a stranger when gone', async (count) => {
    const others = Array.from({ length: count }, (_, i) => ({ email: `user${i}`, secret: key() }));
    const { proxy, users } = await start({ users: others, tls: { serverNames: ['front.example'] } });
    const [plain, padded, tls] = [key(), key(), key()];
    const entries = [
      { email: 'ann', secret: plain },
      { email: 'bob', secret: `dd${padded}`, maxConnections: 1 },
      { email: 'eve', secret: inTls(tls, 'eve.example'), quota: { total: 1e6 } },
    ];
    const ways = [
      ['ann', plain],
      ['ann', inTls(plain, 'front.example')],
      ['bob', `dd${padded}`],
      ['eve', inTls(tls, 'eve.example')],
    ] as const;
    const everybody = async (): Promise<(string | false)[]> => {
      const served: (string | false)[] = [];
      for (const [, secret] of ways) served.push(await servedAs(proxy, secret));
      return served;
    };
    expect(await everybody()).toEqual([false, false, false, false]);
    for (const entry of entries) users.add(entry);
    expect(users.emails()).toHaveLength(count + 3);
    expect(await everybody()).toEqual(['ann', 'ann', 'bob', 'eve']);
    for (const { email } of entries) expect(users.remove(email)).toBe(true);
    expect(users.remove('ann')).toBe(false);
    expect(await everybody()).toEqual([false, false, false, false]);
    expect(await servedAs(proxy, others[0]!.secret)).toBe('user0');
    expect(users.emails()).toHaveLength(count);
  });

  it('may be the first in fake TLS', async () => {
    const plain = key();
    const { proxy, users } = await start({ users: [{ email: 'ann', secret: plain }] });
    const secret = inTls(key(), 'front.example');
    expect(await servedAs(proxy, secret)).toBe(false);
    users.add({ email: 'bob', secret });
    expect(await servedAs(proxy, secret)).toBe('bob');
    expect(await servedAs(proxy, plain)).toBe('ann');
  });

  it('is held to limits, which end with the user', async () => {
    const { proxy, users } = await start({ users: [{ email: 'ann', secret: key() }] });
    const secret = key();
    const entry = { email: 'bob', secret, quota: { down: 10 } };
    users.add(entry);
    // The answer is longer than the quota.
    expect(await servedAs(proxy, secret)).toBe(false);
    users.remove('bob');
    users.add({ ...entry, quota: { down: 1e6 } });
    expect(await servedAs(proxy, secret)).toBe('bob');
  });

  const ann = 'b0cbcef5a486d9636472ac27f8e11a9d';
  it.each([
    ['a name that is taken', { email: 'ann', secret: key() }, 'E_EXISTS'],
    ['no name', { secret: key() }, 'E_CONFIG_INVALID'],
    ['an empty name', { email: '', secret: key() }, 'E_CONFIG_INVALID'],
    ['no secret', { email: 'bob' }, 'E_CONFIG_INVALID'],
    ['a malformed secret', { email: 'bob', secret: `${key()}0` }, 'E_CONFIG_INVALID'],
    ['the secret of another', { email: 'bob', secret: `dd${ann}` }, 'E_CONFIG_INVALID'],
    [
      'a secret of a kind that is not accepted',
      { email: 'bob', secret: inTls(key(), 'a.example') },
      'E_CONFIG_INVALID',
    ],
    ['a malformed tag', { email: 'bob', secret: key(), adTag: 'xyz' }, 'E_CONFIG_INVALID'],
    ['no real network', { email: 'bob', secret: key(), allow: ['192.0.2.0/99'] }, 'E_CONFIG_INVALID'],
    ['no real date', { email: 'bob', secret: key(), expiresAt: 'tomorrow' }, 'E_CONFIG_INVALID'],
    ['a quota of nothing', { email: 'bob', secret: key(), quota: { up: 0 } }, 'E_CONFIG_INVALID'],
    ['no object', 'bob', 'E_CONFIG_INVALID'],
  ])('is refused with %s, without a word of the secret', async (_what, entry, code) => {
    const { users } = await start({ users: [{ email: 'ann', secret: ann }], modes: ['plain', 'padded'] });
    const error = refusal(users, entry);
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/[0-9a-f]{20}/);
    expect(users.emails()).toEqual(['ann']);
  });
});

describe('a user who goes', () => {
  it('is led on to the fronted host like any stranger, also as the last one', async () => {
    const visits: string[] = [];
    const site = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        visits.push(chunk.toString('latin1', 0, 3));
        socket.end('not TLS');
      });
    });
    await once(site.listen(0, '127.0.0.1'), 'listening');
    cleanups.push(async () => {
      site.close();
      await once(site, 'close');
    });
    const secret = inTls(key(), 'front.example');
    const { proxy, users } = await start({
      users: [{ email: 'ann', secret }],
      fronting: { host: `127.0.0.1:${(site.address() as net.AddressInfo).port}` },
    });
    expect(await servedAs(proxy, secret)).toBe('ann');
    users.remove('ann');
    const before = visits.length;
    expect(await servedAs(proxy, secret)).toBe(false);
    expect(visits.slice(before)).toContain('\x16\x03\x01');
    const reasons = [...proxy.inbound.stats.query('>>>handshake>>>refused>>>').keys()];
    expect(reasons).toEqual(['inbound>>>test-in>>>handshake>>>refused>>>serverName']);
  });

  it('does not get in between the hello and the rest of the handshake', async () => {
    const secret = inTls(key(), 'front.example');
    const { proxy, users } = await start({ users: [{ email: 'ann', secret, maxConnections: 5 }] });
    const client = await connectMtproto({
      host: '127.0.0.1',
      port: proxy.port,
      timeout: 3000,
      secret,
      sendHeader: 'by-hand',
    });
    // The server's flight has come: the hello was taken for the user's.
    users.remove('ann');
    client.sendRaw(client.header);
    client.end();
    expect(await client.readToEnd()).toHaveLength(0);
    await client.close();
    const { error, session } = await proxy.inbound.nextEnd();
    expect(error?.code).toBe('E_AUTH');
    expect(session.user).toBeUndefined();
    expect(dataCenter.accepted).toBe(0);
  });

  it('does not get in while a search for somebody is under way', async () => {
    const secrets = Array.from({ length: 30_000 }, key);
    const { proxy, users } = await start({ users: secrets.map((secret, i) => ({ email: `user${i}`, secret })) });
    const clients = [29_999, 29_998].map((index) => servedAs(proxy, `dd${secrets[index]}`));
    // Handshakes have come when the sessions are there; the searches then take tens of turns.
    while (proxy.inbound.plane.conns < 2) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    users.remove('user29998');
    users.remove('user5');
    users.add({ email: 'new', secret: key() });
    const served = (await Promise.all(clients)).filter((email) => email !== false);
    // Whether the search for the one who is gone was over by then is a matter of luck; nobody else is hurt.
    expect(['user29999', 'user29999,user29998', 'user29998,user29999']).toContain(served.join());
    expect(await servedAs(proxy, `dd${secrets[29_998]}`)).toBe(false);
    expect(await servedAs(proxy, `dd${secrets[29_999]}`)).toBe('user29999');
  });
});
