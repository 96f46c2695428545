import { randomBytes } from 'node:crypto';
import {
  connectMtproto,
  createClientHello,
  startFakeDc,
  type FakeDc,
  type MtprotoClientOptions,
} from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingOpen, startProxy, type TestProxy } from '../proxy.fixture.js';

const key = '00112233445566778899aabbccddeeff';
const inTls = (secret: string, name = 'front.example'): string => `ee${secret}${Buffer.from(name).toString('hex')}`;
let dataCenter: FakeDc;
let proxies: TestProxy[];

beforeEach(async () => {
  proxies = [];
  dataCenter = await startFakeDc();
});

afterEach(async () => {
  for (const proxy of proxies) {
    await proxy.quiet();
    await proxy.close();
    expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
    expect(proxy.outbound.plane.state()).toMatchObject(nothingOpen);
  }
  await dataCenter.close();
});

async function start(settings: object): Promise<TestProxy> {
  const inbound = { dataCenters: { 2: [dataCenter.address] }, strangers: 'close', ...settings };
  const proxy = await startProxy({ inbound, policy: { handshake: 2000 } });
  proxies.push(proxy);
  return proxy;
}

/** Whether a client gets an answer from the data centre. */
async function isServed(proxy: TestProxy, options: Partial<MtprotoClientOptions>): Promise<boolean> {
  try {
    const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, timeout: 3000, ...options });
    try {
      await client.requestPq();
      return true;
    } finally {
      await client.close();
    }
  } catch {
    return false;
  }
}

/** Why strangers were strangers, in the order in which that was first seen. */
function reasons(proxy: TestProxy): Record<string, number> {
  const all = proxy.inbound.stats.query('>>>handshake>>>refused>>>');
  return Object.fromEntries([...all].map(([name, value]) => [name.split('>>>').at(-1) ?? '', value]));
}

describe('the modes of an inbound', () => {
  const clients = {
    abridged: { secret: key, tag: 'abridged' },
    intermediate: { secret: key, tag: 'intermediate' },
    padded: { secret: `dd${key}` },
    tls: { secret: inTls(key) },
  } as const;
  const all = Object.keys(clients) as (keyof typeof clients)[];

  it.each([
    [{ users: [{ secret: key }] }, ['abridged', 'intermediate', 'padded']],
    [{ users: [{ secret: `dd${key}` }] }, ['padded']],
    [{ users: [{ secret: inTls(key) }] }, ['tls']],
    [{ users: [{ secret: key }], tls: { serverNames: ['front.example'] } }, all],
    [{ users: [{ secret: key }], tls: { serverNames: ['FRONT.example'] }, modes: ['tls'] }, ['tls']],
    [{ users: [{ secret: key }], modes: ['padded'] }, ['padded']],
    [{ users: [{ secret: key }], modes: ['plain'] }, ['abridged', 'intermediate', 'padded']],
    [{ users: [{ secret: inTls(key) }], modes: ['plain', 'padded', 'tls'] }, ['tls']],
  ])('of %j let these in: %j', async (settings, expected) => {
    const proxy = await start(settings);
    const served: string[] = [];
    for (const name of all) if (await isServed(proxy, clients[name])) served.push(name);
    expect(served).toEqual(expected);
  });
});

describe('a client in fake TLS', () => {
  it('may come in pieces of TCP and of TLS', async () => {
    const proxy = await start({ users: [{ secret: inTls(key) }] });
    const secret = inTls(key);
    const every = Array.from({ length: 1600 }, (_, i) => i + 1);
    expect(await isServed(proxy, { secret, tls: { writeCuts: [1, 5, 6, 100, 1000] } })).toBe(true);
    expect(await isServed(proxy, { secret, tls: { recordCuts: [1, 4, 5, 43, 600] } })).toBe(true);
    expect(await isServed(proxy, { secret, tls: { writeCuts: every } })).toBe(true);
    expect(await isServed(proxy, { secret, tls: { recordCuts: every.slice(0, 200), writeCuts: [3, 7, 9] } })).toBe(
      true,
    );
  });

  it('is told apart by server name, secret, clock and digest', async () => {
    const proxy = await start({ users: [{ secret: inTls(key) }], tls: { timeWindow: 30 } });
    const secret = inTls(key);
    const other = randomBytes(16).toString('hex');
    expect(await isServed(proxy, { secret: inTls(other) })).toBe(false);
    expect(await isServed(proxy, { secret: inTls(key, 'other.example') })).toBe(false);
    expect(await isServed(proxy, { secret, tls: { falsifyDigest: true } })).toBe(false);
    expect(await isServed(proxy, { secret, tls: { skew: -45 } })).toBe(false);
    expect(await isServed(proxy, { secret, tls: { skew: 45 } })).toBe(false);
    expect(await isServed(proxy, { secret, tls: { skew: -20 } })).toBe(true);
    expect(await isServed(proxy, { secret, tls: { skew: 20 } })).toBe(true);
    expect(reasons(proxy)).toEqual({ secret: 2, serverName: 1, clock: 2 });
    expect(proxy.inbound.logger.lines.join('\n')).not.toContain(key);
  });

  it('is a stranger the second time with the same hello, even with the time in it changed', async () => {
    const proxy = await start({ users: [{ secret: inTls(key) }] });
    const hello = createClientHello({ serverName: 'front.example', key: Buffer.from(key, 'hex') });
    expect(await isServed(proxy, { secret: inTls(key), tls: { hello } })).toBe(true);
    expect(await isServed(proxy, { secret: inTls(key), tls: { hello } })).toBe(false);
    const moved = { ...hello, record: Buffer.from(hello.record) };
    moved.record.writeUInt32LE((moved.record.readUInt32LE(39) ^ 1) >>> 0, 39);
    expect(await isServed(proxy, { secret: inTls(key), tls: { hello: moved } })).toBe(false);
    expect(reasons(proxy)).toEqual({ replay: 2 });
  });

  it.each([1, 3, 3000])('is found among %i users, also at an address that another has used', async (count) => {
    const secrets = Array.from({ length: count }, () => randomBytes(16).toString('hex'));
    const users = secrets.map((secret, i) => ({ secret, email: `user${i}` }));
    const proxy = await start({ users, tls: { serverNames: ['front.example', 'b.example'] } });
    for (const index of [0, count - 1, count >> 1, 0]) {
      expect(await isServed(proxy, { secret: inTls(secrets[index] ?? '', 'b.example') })).toBe(true);
      expect((await proxy.inbound.nextEnd()).session.user?.email).toBe(`user${index}`);
    }
    expect(await isServed(proxy, { secret: inTls(randomBytes(16).toString('hex')) })).toBe(false);
    expect(reasons(proxy)).toEqual({ secret: 1 });
  });

  it('who goes on with another secret is refused', async () => {
    const proxy = await start({ users: [{ secret: inTls(key) }, { secret: inTls('f'.repeat(32)) }] });
    const client = await connectMtproto({
      host: '127.0.0.1',
      port: proxy.port,
      secret: inTls(key),
      sendHeader: 'by-hand',
      timeout: 3000,
    });
    client.sendRaw(randomBytes(64));
    client.end();
    expect((await client.readToEnd()).length).toBe(0);
    await client.close();
    expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_AUTH');
    expect(dataCenter.accepted).toBe(0);
  });
});

describe('a client without TLS', () => {
  it.each([1, 3, 30_000])('is found among %i users, also at an address that another has used', async (count) => {
    const secrets = Array.from({ length: count }, () => randomBytes(16).toString('hex'));
    const proxy = await start({ users: secrets.map((secret, i) => ({ secret, email: `user${i}` })) });
    for (const index of [0, count - 1, count >> 1, 0]) {
      expect(await isServed(proxy, { secret: `dd${secrets[index]}` })).toBe(true);
      expect((await proxy.inbound.nextEnd()).session.user?.email).toBe(`user${index}`);
    }
    expect(await isServed(proxy, { secret: `dd${randomBytes(16).toString('hex')}` })).toBe(false);
    expect(reasons(proxy)).toEqual({ secret: 1 });
  });

  it('is a stranger the second time with the same header', async () => {
    const proxy = await start({ users: [{ secret: key }] });
    const noise = randomBytes(64);
    noise[0] = 1;
    expect(await isServed(proxy, { secret: key, noise })).toBe(true);
    expect(await isServed(proxy, { secret: key, noise })).toBe(false);
    expect(reasons(proxy)).toEqual({ replay: 1 });
  });
});

describe('a header that was read off the wire', () => {
  const settings = { users: [{ secret: key }], tls: { serverNames: ['front.example'] } };
  const noise = Buffer.from(randomBytes(64)).fill(1, 0, 1);

  it('of a client in fake TLS is no entry without TLS', async () => {
    const proxy = await start(settings);
    expect(await isServed(proxy, { secret: inTls(key), noise })).toBe(true);
    expect(await isServed(proxy, { secret: `dd${key}`, noise })).toBe(false);
    expect(reasons(proxy)).toEqual({ replay: 1 });
  });

  it('of a client without TLS does not serve in fake TLS either', async () => {
    const proxy = await start(settings);
    expect(await isServed(proxy, { secret: `dd${key}`, noise })).toBe(true);
    expect(await isServed(proxy, { secret: inTls(key), noise })).toBe(false);
    expect(reasons(proxy)).toEqual({});
  });
});

describe('a proxy in front', () => {
  const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 5555 443\r\n';

  it('is believed where it is listed', async () => {
    const proxy = await start({ users: [{ secret: key }], proxyProtocol: { from: ['127.0.0.0/8'] } });
    const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: key, sendHeader: 'by-hand' });
    client.socket.write(header);
    client.socket.write(client.header);
    await client.requestPq();
    await client.close();
    const { session } = await proxy.inbound.nextEnd();
    expect(session.source).toEqual({ address: '192.0.2.7', port: 5555 });
    expect(session.local).toEqual({ address: '198.51.100.1', port: 443 });
    expect(await isServed(proxy, { secret: key })).toBe(false);
    expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_PROTOCOL');
  });

  it('is not believed elsewhere', async () => {
    const proxy = await start({ users: [{ secret: key }], proxyProtocol: { from: ['192.0.2.0/24'] } });
    const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: key, sendHeader: 'by-hand' });
    client.socket.write(Buffer.concat([Buffer.from(header), client.header]));
    client.end();
    expect((await client.readToEnd()).length).toBe(0);
    await client.close();
    expect(await isServed(proxy, { secret: key })).toBe(true);
  });
});
