import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { LimitSettings } from './limit-settings.js';
import { startLimitedProxy, type LimitedProxy } from './limited-proxy.fixture.js';

/** The largest chunk that a relay reads. */
const CHUNK = 512 * 1024;

let proxy: LimitedProxy;
afterEach(() => proxy.close());

async function start(...limits: (LimitSettings | undefined)[]): Promise<void> {
  proxy = await startLimitedProxy(limits);
}

interface Joined {
  readonly client: net.Socket;
  readonly target: net.Socket;
}

async function join(user = 0): Promise<Joined> {
  const client = await proxy.connect(user);
  return { client, target: await proxy.nextAtTarget() };
}

/** Counts what arrives until the socket is gone. */
function received(socket: net.Socket): { bytes: number } {
  const count = { bytes: 0 };
  socket.on('data', (chunk: Buffer) => (count.bytes += chunk.length));
  return count;
}

async function untilReceived(count: { bytes: number }, socket: net.Socket, bytes: number): Promise<void> {
  while (count.bytes < bytes) await once(socket, 'data');
}

/** Sends without end, as fast as the other side takes it. */
function flood(socket: net.Socket): void {
  const chunk = Buffer.alloc(64 * 1024);
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** `events.once` would fail with the reset that most ends are. */
function gone(socket: net.Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function quiet(): Promise<void> {
  while (proxy.host.plane.conns > 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('a quota in relays', () => {
  it.each(['up', 'down'] as const)('ends both connections of the user in the chunk that passes it, %s', async (way) => {
    const quota = 3_000_000;
    await start({ quota: { [way]: quota } }, undefined);
    const one = await join();
    const other = await join();
    const stranger = await join(1);
    const [from, to] = way === 'up' ? [one.client, one.target] : [one.target, one.client];
    const count = received(to);
    const bothGone = Promise.all([gone(to), gone(other.client)]);
    flood(from);
    await bothGone;
    expect(count.bytes).toBeLessThanOrEqual(quota);
    expect(count.bytes).toBeGreaterThan(0);
    const ends = [await proxy.host.nextEnd(), await proxy.host.nextEnd()];
    for (const { result } of ends) {
      expect(result).toMatchObject({ end: 'error', error: { code: 'E_MTPROTO_QUOTA' } });
    }
    const counted = ends.reduce((sum, { result }) => sum + (result?.[`${way}link`] ?? 0), 0);
    expect(counted).toBeGreaterThan(quota);
    expect(counted).toBeLessThanOrEqual(quota + CHUNK);

    const refused = await proxy.connect(0);
    await gone(refused);
    expect((await proxy.host.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_QUOTA' });

    const answer = received(stranger.client);
    stranger.target.write('still here');
    await untilReceived(answer, stranger.client, 10);
  });

  it('delivers every byte of it, and ends with the next', async () => {
    const quota = 1_000_000;
    await start({ quota: { total: quota } });
    const { client, target } = await join();
    const down = received(client);
    const up = received(target);
    target.write(Buffer.alloc(quota - 5));
    await untilReceived(down, client, quota - 5);
    client.write('12345');
    await untilReceived(up, target, 5);
    const end = gone(client);
    target.write('6');
    await end;
    expect(down.bytes).toBe(quota - 5);
    expect((await proxy.host.nextEnd()).result).toMatchObject({
      uplink: 5,
      downlink: quota - 4,
      error: { code: 'E_MTPROTO_QUOTA' },
    });
    await quiet();
    expect(proxy.host.plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
  });
});

describe('counts of connections in relays', () => {
  it('follow connections as they come and go', async () => {
    await start({ maxConnections: 2, maxSourceIPs: 1 });
    const one = await join();
    await join();
    const third = await proxy.connect(0);
    await gone(third);
    expect((await proxy.host.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_CONNECTIONS' });
    one.client.destroy();
    await proxy.host.nextEnd();
    await join();
    expect(proxy.limits.of(proxy.users[0]!)?.connections).toBe(2);
  });

  it('give the place back of a connection whose target cannot be reached', async () => {
    await start({ maxConnections: 1 });
    const first = await join();
    first.target.destroy();
    first.client.destroy();
    await proxy.host.nextEnd();
    await join();
  });
});

describe('an expiry in relays', () => {
  it('ends the connection when the time comes', async () => {
    await start({ expiresAt: new Date(Date.now() + 1500).toISOString() });
    const { client, target } = await join();
    const bothGone = Promise.all([gone(client), gone(target)]);
    expect((await proxy.host.nextEnd()).result).toMatchObject({ error: { code: 'E_MTPROTO_EXPIRED' } });
    await bothGone;
    const late = await proxy.connect(0);
    await gone(late);
    expect((await proxy.host.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_EXPIRED' });
  });
});

describe('a rate in relays', () => {
  it('is that of all connections of the user together, and no one else’s', async () => {
    const rate = 400_000;
    await start({ rate: { down: rate } }, undefined);
    const { timers } = proxy.host.plane;
    const began = timers.now;
    const pair = [await join(), await join()];
    const counts = pair.map(({ client }) => received(client));
    for (const { target } of pair) flood(target);
    const free = await join(1);
    const freely = received(free.client);
    flood(free.target);
    await untilReceived(freely, free.client, 20_000_000);
    free.client.destroy();
    await Promise.all(pair.map(({ client }, i) => untilReceived(counts[i]!, client, rate)));
    const total = counts.reduce((sum, { bytes }) => sum + bytes, 0);
    // Ticks of 100 ms: one second's worth at the start, then the rate; a chunk of debt for each.
    const seconds = (timers.now - began) / 10;
    expect(total).toBeLessThanOrEqual(rate * (1 + seconds) + 2 * 64 * 1024);
  });

  it.each([1, Number.MAX_SAFE_INTEGER])('of %d a second works and leaves nothing behind', async (rate) => {
    await start({ rate: { up: rate, down: rate } });
    const { client, target } = await join();
    const down = received(client);
    const up = received(target);
    client.write('hello');
    target.write('world');
    await Promise.all([untilReceived(up, target, 1), untilReceived(down, client, 1)]);
    // Also in the middle of a wait for the rate.
    proxy.limits.of(proxy.users[0]!)?.quotaPassed();
    expect((await proxy.host.nextEnd()).result?.error).toMatchObject({ code: 'E_MTPROTO_QUOTA' });
    await quiet();
    expect(proxy.host.plane.timers.size).toBe(0);
  });

  it('is not won back by connecting again', async () => {
    await start({ rate: { down: 1 } });
    const first = await join();
    const got = received(first.client);
    first.target.write(Buffer.alloc(30_000));
    await untilReceived(got, first.client, 1);
    first.client.resetAndDestroy();
    await proxy.host.nextEnd();
    const { timers } = proxy.host.plane;
    const began = timers.now;
    const second = await join();
    const more = received(second.client);
    second.target.write(Buffer.alloc(30_000));
    // The target's bytes have come this far when the client's, sent after them, have come back.
    const up = received(second.target);
    for (let i = 0; i < 20; i += 1) {
      second.client.write('x');
      await untilReceived(up, second.target, i + 1);
    }
    expect(timers.now - began).toBeLessThan(200);
    expect(more.bytes).toBe(0);
  });
});
