import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMtproto, startFakeDc, type FakeDc, type MtprotoClient } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingOpen, startProxy, type TestProxy } from './proxy.fixture.js';

const key = (): string => randomBytes(16).toString('hex');
const inTls = (secret: string, name = 'front.example'): string => `ee${secret}${Buffer.from(name).toString('hex')}`;

let dataCenter: FakeDc;
let folder: string;
let usageFile: string;
let stateFile: string;
let proxies: TestProxy[];
let clients: MtprotoClient[];

beforeEach(async () => {
  proxies = [];
  clients = [];
  dataCenter = await startFakeDc({ mode: 'echo' });
  folder = await mkdtemp(join(tmpdir(), 'sluice-succession-'));
  usageFile = join(folder, 'usage');
  stateFile = join(folder, 'replay');
});

afterEach(async () => {
  for (const client of clients) await client.close();
  for (const proxy of proxies) await proxy.quiet();
  for (const proxy of proxies.reverse()) await proxy.close();
  for (const { inbound } of proxies) expect(inbound.plane.state()).toMatchObject(nothingOpen);
  await dataCenter.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(settings: object, previous?: TestProxy): Promise<TestProxy> {
  const inbound = { dataCenters: { 2: [dataCenter.address] }, strangers: 'close', ...settings };
  const options = { inbound, policy: { handshake: 2000 } };
  const proxy = await startProxy(previous === undefined ? options : { ...options, previous });
  proxies.push(proxy);
  return proxy;
}

/** As the runtime does when the connections of its time are over. */
async function retire(proxy: TestProxy): Promise<void> {
  await proxy.close();
  proxies = proxies.filter((each) => each !== proxy);
}

async function connect(proxy: TestProxy, secret: string): Promise<MtprotoClient> {
  const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, timeout: 5000, secret });
  clients.push(client);
  return client;
}

/** Sends so many bytes, all of which come back. */
async function echo(client: MtprotoClient, size: number): Promise<void> {
  const bytes = randomBytes(size);
  client.send(bytes);
  expect((await client.read(size)).equals(bytes)).toBe(true);
}

/** The code with which a connection is refused or ended. */
async function refusal(proxy: TestProxy, secret: string): Promise<string | undefined> {
  const client = await connect(proxy, secret).catch(() => undefined);
  const { error, result } = await proxy.inbound.nextEnd();
  await client?.close();
  return (error ?? result?.error)?.code;
}

describe('used quotas', () => {
  const secret = key();
  const users = [{ email: 'ann', secret, quota: { total: 10_000 } }];

  it.each([true, false])(
    'are those of the inbound before, whose connections count on (kept in a file: %s)',
    async (kept) => {
      const settings = kept ? { users, usageFile } : { users };
      const before = await start(settings);
      const old = await connect(before, secret);
      await echo(old, 2000);
      const after = await start({ ...settings, addressFamily: 'prefer-ipv6' }, before);
      expect(after.inbound.revoked).toEqual([]);
      const young = await connect(after, secret);
      await echo(young, 1000);
      await echo(old, 1500);
      // 9,000 bytes are used, through both: 1,000 are left for both.
      await echo(young, 500);
      young.send(Buffer.of(1));
      expect((await after.inbound.nextEnd()).result?.error?.code).toBe('E_MTPROTO_QUOTA');
      // The limits of both are held against the same counts.
      expect((await before.inbound.nextEnd()).result?.error?.code).toBe('E_MTPROTO_QUOTA');
      expect(await refusal(after, secret)).toBe('E_MTPROTO_QUOTA');
    },
  );

  it('are in the file whoever is closed first, and after a restart', async () => {
    for (const oldFirst of [true, false]) {
      const used = key();
      const settings = { users: [{ email: 'ann', secret: used, quota: { total: 10_000 } }], usageFile };
      const before = await start(settings);
      const old = await connect(before, used);
      await echo(old, 1000);
      const after = await start({ ...settings, addressFamily: 'prefer-ipv6' }, before);
      const young = await connect(after, used);
      await echo(young, 1500);
      await echo(old, 1500);
      await old.close();
      await young.close();
      await before.quiet();
      await after.quiet();
      for (const proxy of oldFirst ? [before, after] : [after, before]) await retire(proxy);
      // A new process knows nothing but the file.
      const later = await start(settings);
      const client = await connect(later, used);
      await echo(client, 1000);
      client.send(Buffer.of(1));
      expect((await later.inbound.nextEnd()).result?.error?.code).toBe('E_MTPROTO_QUOTA');
      await retire(later);
    }
  });

  it('go on over many changes while the first connection stays', async () => {
    let last = await start({ users, usageFile, replay: { stateFile } });
    const first = last;
    const client = await connect(first, secret);
    for (let i = 0; i < 8; i += 1) {
      const next = await start({ users, usageFile, replay: { stateFile }, tcp: { keepAlive: 20 + i } }, last);
      if (last !== first) await retire(last);
      last = next;
      await echo(client, 500);
      const visitor = await connect(last, secret);
      await echo(visitor, 100);
      await visitor.close();
      await last.inbound.nextEnd();
    }
    // 8 × 1,200 bytes are used.
    await echo(client, 200);
    expect(await refusal(last, secret)).toBe('E_MTPROTO_QUOTA');
  });

  it('move to another file without a loss, and into a first one', async () => {
    const moved = join(folder, 'moved');
    const before = await start({ users });
    const client = await connect(before, secret);
    await echo(client, 2000);
    const middle = await start({ users, usageFile }, before);
    await echo(client, 1000);
    const after = await start({ users, usageFile: moved }, middle);
    await echo(client, 1000);
    await client.close();
    await before.quiet();
    for (const proxy of [before, middle, after]) await retire(proxy);
    for (const path of [usageFile, moved]) {
      const later = await start({ users, usageFile: path });
      const again = await connect(later, secret);
      await echo(again, 1000);
      again.send(Buffer.of(1));
      expect((await later.inbound.nextEnd()).result?.error?.code).toBe('E_MTPROTO_QUOTA');
      await retire(later);
    }
  });

  it('are kept for users who go while it runs, and who come back', async () => {
    const others = [{ email: 'bob', secret: key() }];
    const before = await start({ users: [...users, ...others], usageFile });
    const client = await connect(before, secret);
    await echo(client, 5000);
    await client.close();
    await before.quiet();
    const after = await start({ users: others, usageFile }, before);
    expect(after.inbound.revoked).toEqual(['ann']);
    await retire(before);
    after.inbound.inbound.users!.add({ ...users[0]!, email: 'anna' });
    expect(await refusal(after, secret)).toBe('E_MTPROTO_QUOTA');
    after.inbound.inbound.users!.remove('anna');
    await retire(after);
    const later = await start({ users, usageFile });
    expect(await refusal(later, secret)).toBe('E_MTPROTO_QUOTA');
  });
});

describe('connections', () => {
  it('of both inbounds are counted together, and given back by each', async () => {
    const secret = key();
    const users = [{ email: 'ann', secret, maxConnections: 2, maxSourceIPs: 1 }];
    const before = await start({ users });
    const old = await connect(before, secret);
    await echo(old, 10);
    const after = await start({ users, addressFamily: 'prefer-ipv6' }, before);
    const young = await connect(after, secret);
    await echo(young, 10);
    expect(await refusal(after, secret)).toBe('E_MTPROTO_CONNECTIONS');
    await old.close();
    await before.inbound.nextEnd();
    await retire(before);
    // The one before is closed, and those of the other go on.
    await echo(young, 10);
    await echo(await connect(after, secret), 10);
    expect(await refusal(after, secret)).toBe('E_MTPROTO_CONNECTIONS');
  });
});

describe('whose connections must end', () => {
  const secrets = Array.from({ length: 12 }, key);
  const user = (index: number, more: object = {}): object => ({
    email: `user${index}`,
    secret: secrets[index],
    ...more,
  });

  it('are those who are gone, renamed, have another secret, or may do less', async () => {
    const before = await start({
      users: [
        user(0),
        user(1),
        user(2),
        user(3),
        user(4, { maxConnections: 5 }),
        user(5, { maxConnections: 5 }),
        user(6, { secret: `dd${secrets[6]}` }),
        user(7, { secret: inTls(secrets[7]!) }),
        user(8),
        { secret: secrets[9] },
      ],
      modes: ['plain', 'padded', 'tls'],
    });
    before.inbound.inbound.users!.add({ email: 'guest', secret: key() });
    const after = await start(
      {
        users: [
          user(0),
          user(2, { secret: key() }),
          user(3, { secret: `dd${secrets[3]}` }),
          user(4, { maxConnections: 4 }),
          user(5, { maxConnections: 6 }),
          user(6),
          user(7, { secret: inTls(secrets[7]!, 'b.example') }),
          user(8, { email: 'another' }),
          user(11),
        ],
        modes: ['plain', 'padded', 'tls'],
      },
      before,
    );
    expect([...after.inbound.revoked].sort()).toEqual(['guest', 'user1', 'user2', 'user3', 'user4', 'user7', 'user8']);
    // Who is on the way in through the one before does not get in any more; all others do.
    for (const index of [1, 2, 3]) expect(await refusal(before, secrets[index]!)).toBe('E_AUTH');
    for (const index of [0, 4]) await echo(await connect(before, secrets[index]!), 10);
  });

  it('are all who lose a way to come, by mode or by name', async () => {
    const users = [user(0), user(1, { secret: `dd${secrets[1]}` }), user(2, { secret: inTls(secrets[2]!) })];
    const tls = { serverNames: ['a.example', 'b.example'] };
    const before = await start({ users, tls });
    const fewerNames = await start({ users, tls: { serverNames: ['b.example'] } }, before);
    expect(fewerNames.inbound.revoked).toEqual(['user0']);
    await retire(fewerNames);
    const fewerModes = await start({ users: [users[0], users[2]], tls, modes: ['tls'] }, before);
    expect([...fewerModes.inbound.revoked].sort()).toEqual(['user0', 'user1']);
    await retire(fewerModes);
    const more = await start({ users, tls: { serverNames: ['c.example', 'B.example', 'a.example'] } }, before);
    expect(more.inbound.revoked).toEqual([]);
  });

  it('are found among thousands', async () => {
    const users = Array.from({ length: 5000 }, (_, i) => ({
      email: `user${i}`,
      secret: key(),
      quota: { total: 1000 + i },
    }));
    const before = await start({ users, usageFile });
    for (const index of [0, 4999]) await echo(await connect(before, users[index]!.secret), 100);
    const changed = users.map((each, i) => (i % 1000 === 7 ? { ...each, quota: { total: 500 } } : each)).slice(0, 4999);
    const after = await start({ users: changed, usageFile }, before);
    expect([...after.inbound.revoked].sort()).toEqual([
      'user1007',
      'user2007',
      'user3007',
      'user4007',
      'user4999',
      'user7',
    ]);
    await echo(await connect(after, users[4998]!.secret), 100);
    expect(await refusal(after, users[4999]!.secret)).toBe('E_AUTH');
  });
});

describe('handshakes', () => {
  it('that the one before has seen are replays, and the other way round, over a restart too', async () => {
    const secret = key();
    const users = [{ email: 'ann', secret }];
    const settings = { users, replay: { stateFile } };
    const noises = Array.from({ length: 4 }, () => randomBytes(64).fill(1, 0, 1));
    const served = async (proxy: TestProxy, noise: Buffer): Promise<boolean> => {
      const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, timeout: 3000, secret, noise });
      client.send(Buffer.of(7));
      client.end();
      const answer = await client.readToEnd().catch(() => Buffer.alloc(0));
      await client.close();
      return answer.length > 0;
    };
    const before = await start(settings);
    expect(await served(before, noises[0]!)).toBe(true);
    const same = await start({ ...settings, addressFamily: 'prefer-ipv6' }, before);
    const larger = await start({ users, replay: { stateFile, entries: 5000, seconds: 500 } }, same);
    expect(await served(larger, noises[1]!)).toBe(true);
    expect(await served(before, noises[2]!)).toBe(true);
    for (const proxy of [before, same, larger])
      for (const noise of noises.slice(0, 3)) expect(await served(proxy, noise)).toBe(false);
    for (const proxy of [before, same]) await retire(proxy);
    expect(await served(larger, noises[3]!)).toBe(true);
    await retire(larger);
    const later = await start({ users, replay: { stateFile, entries: 5000, seconds: 500 } });
    for (const noise of noises) expect(await served(later, noise)).toBe(false);
  });
});

describe('a successor that comes to nothing', () => {
  it.each(['before it has started', 'half-way', 'when it is ready'])(
    'leaves everything as it was: %s',
    async (when) => {
      const [secret, gone] = [key(), key()];
      const settings = {
        users: [
          { email: 'ann', secret, quota: { total: 10_000 } },
          { email: 'bob', secret: gone, quota: { total: 10_000 } },
        ],
        usageFile,
        replay: { stateFile },
      };
      const users = [{ email: 'ann', secret, quota: { total: 100 } }];
      const before = await start(settings);
      const client = await connect(before, secret);
      await echo(client, 1000);
      if (when === 'half-way') {
        // The usage file is taken over, and then the state file cannot be used.
        const next = start({ users, usageFile, replay: { stateFile: folder } }, before);
        await expect(next).rejects.toMatchObject({ code: 'E_MTPROTO_STATE_FILE' });
      } else if (when === 'before it has started') {
        const next = start({ users, usageFile: folder, replay: { stateFile } }, before);
        await expect(next).rejects.toMatchObject({ code: 'E_MTPROTO_STATE_FILE' });
      } else {
        const after = await start({ users, usageFile, replay: { stateFile } }, before);
        expect(after.inbound.revoked).toEqual(['ann', 'bob']);
        await retire(after);
      }
      await echo(client, 1000);
      await echo(await connect(before, gone), 3000);
      // The file is still written by somebody: the one before, alone.
      await expect(start(settings)).rejects.toMatchObject({ code: 'E_START_FAILED' });
      for (const each of clients) await each.close();
      await before.quiet();
      await retire(before);
      const later = await start(settings);
      for (const each of [secret, gone]) {
        const again = await connect(later, each);
        await echo(again, each === secret ? 3000 : 2000);
        again.send(Buffer.of(1));
        expect((await later.inbound.nextEnd()).result?.error?.code).toBe('E_MTPROTO_QUOTA');
      }
      expect((await readFile(usageFile)).length).toBeGreaterThan(0);
    },
  );
});
