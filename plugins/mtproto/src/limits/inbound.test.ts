import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMtproto, startFakeDc, type FakeDc, type FakeDcOptions, type MtprotoClient } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { nothingOpen, startProxy, type TestProxy } from '../proxy.fixture.js';
import type { LimitSettings } from './limit-settings.js';

const key = 'b0cbcef5a486d9636472ac27f8e11a9d';
const free = '00112233445566778899aabbccddeeff';
const domain = Buffer.from('a.example').toString('hex');
/** Each way of coming in, with what is on the link for it. */
const ways = [
  ['plain', key],
  ['padded', `dd${key}`],
  ['fake TLS', `ee${key}${domain}`],
] as const;

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

function keep<T extends { close(): Promise<unknown> }>(thing: T): T {
  open.push(thing);
  return thing;
}

interface Setup {
  readonly proxy: TestProxy;
  readonly dataCenter: FakeDc;
  connect(secret?: string): Promise<MtprotoClient>;
}

async function setUp(secret: string, limits: LimitSettings, dc: FakeDcOptions = {}, more: object = {}): Promise<Setup> {
  const dataCenter = keep(await startFakeDc(dc));
  const users = [{ secret: free }, { secret, email: 'ann', ...limits }];
  const settings = { users, modes: ['plain', 'padded', 'tls'], dataCenters: { 2: [dataCenter.address] }, ...more };
  const proxy = keep(await startProxy({ inbound: settings }));
  return {
    proxy,
    dataCenter,
    connect: async (as = secret) =>
      keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: as, dc: 2 })),
  };
}

/** Sees the proxy end the connection, in whatever way. */
async function cutOff(client: MtprotoClient): Promise<void> {
  const { socket } = client;
  if (!socket.readableEnded && !socket.closed) {
    socket.resume();
    await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  }
  await client.close();
}

describe.each(ways)('a user with limits, %s', (_name, secret) => {
  it('passes a quota in the middle of a download, and another user goes on', async () => {
    const quota = 2_000_000;
    const { proxy, connect } = await setUp(
      secret,
      { quota: { down: quota } },
      { mode: 'source', sourceBytes: 1 << 26 },
    );
    const other = await connect(free);
    const ann = await connect();
    ann.send(Buffer.of(1));
    await cutOff(ann);
    const { result, session } = await proxy.inbound.nextEnd();
    expect(session.user).toMatchObject({ email: 'ann' });
    expect(result).toMatchObject({ end: 'error', uplink: 1, error: { code: 'E_MTPROTO_QUOTA' } });
    expect(result?.downlink).toBeGreaterThan(quota);
    expect(result?.downlink).toBeLessThanOrEqual(quota + 512 * 1024);

    const again = await connect();
    await cutOff(again);
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_QUOTA' });
    expect(proxy.inbound.stats.query('ann')).toEqual(
      new Map([
        ['user>>>ann>>>ended>>>quota', 1],
        ['user>>>ann>>>refused>>>quota', 1],
      ]),
    );
    other.send(Buffer.of(1));
    expect(await other.read(3_000_000)).toHaveLength(3_000_000);
  });

  it('has as many connections as allowed, and a place again when one is over', async () => {
    const { proxy, connect } = await setUp(secret, { maxConnections: 2 });
    const first = await connect();
    const second = await connect();
    await Promise.all([first.requestPq(), second.requestPq()]);
    await cutOff(await connect());
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_CONNECTIONS' });
    await first.close();
    await proxy.inbound.nextEnd();
    await (await connect()).requestPq();
    await second.requestPq();
  });

  it('is refused from an address that is denied, before any data centre is asked', async () => {
    const { proxy, dataCenter, connect } = await setUp(secret, { allow: ['127.0.0.0/8'], deny: ['127.0.0.1'] });
    await cutOff(await connect());
    const { error } = await proxy.inbound.nextEnd();
    expect(error).toMatchObject({ code: 'E_MTPROTO_DENIED' });
    expect(error?.message).not.toContain(key);
    expect(dataCenter.accepted).toBe(0);
    await proxy.quiet();
    expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  });

  it('is cut off when the time has come', async () => {
    const { proxy, connect } = await setUp(secret, { expiresAt: new Date(Date.now() + 1200).toISOString() });
    const ann = await connect();
    await ann.requestPq();
    await cutOff(ann);
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ error: { code: 'E_MTPROTO_EXPIRED' } });
  });

  it('keeps what was sent under a rate whole', async () => {
    const { connect } = await setUp(secret, { rate: { up: 300_000, down: 300_000 } }, { mode: 'echo' });
    const ann = await connect();
    const sent = Buffer.alloc(400_000, 'rate');
    ann.send(sent);
    expect((await ann.read(sent.length)).equals(sent)).toBe(true);
  });
});

it('keeps the used quota over a restart of the inbound and a change of the secret’s form', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
  open.push({ close: () => rm(folder, { recursive: true, force: true }) });
  const usageFile = join(folder, 'usage');
  const limits = { quota: { up: 5 } };
  const before = await setUp(key, limits, { mode: 'echo' }, { usageFile });
  const ann = await before.connect();
  ann.send(Buffer.from('12345'));
  await ann.read(5);
  await ann.close();
  await before.proxy.inbound.nextEnd();
  await before.proxy.close();

  const after = await setUp(`dd${key}`, limits, { mode: 'echo' }, { usageFile });
  await cutOff(await after.connect());
  expect((await after.proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_QUOTA' });
});
