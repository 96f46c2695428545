import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataPlane, Link, Relay, type Conn, type RelayResult, type TcpOptions } from '../index.js';
import { ConnServer, dialLoopback, PeerServer, settled } from '../loopback.fixture.js';
import { StallWatch } from './stall-watch.js';

interface Joined {
  readonly client: net.Socket;
  readonly target: net.Socket;
  readonly links: { readonly client: Link; readonly upstream: Link };
  readonly result: () => RelayResult | undefined;
}

/** A relay between two Node sockets, on a clock that the test moves. */
async function joined(
  options: { readonly client?: TcpOptions; readonly upstream?: TcpOptions; readonly connIdle?: number },
  body: (joined: Joined) => Promise<void>,
): Promise<void> {
  const plane = new DataPlane();
  const inbound = await ConnServer.start(plane);
  const origin = await PeerServer.start();
  const client = net.connect({ port: inbound.port, host: '127.0.0.1', allowHalfOpen: true });
  const links = {
    client: new Link(await inbound.nextConn()),
    upstream: new Link(await dialLoopback(plane, origin.port)),
  };
  const target = await origin.nextSocket();
  for (const socket of [client, target]) socket.on('error', () => undefined);
  links.client.tcp = options.client;
  links.upstream.tcp = options.upstream;
  let result: RelayResult | undefined;
  const { connIdle = 300_000 } = options;
  const relay = new Relay(plane, links.client, links.upstream, {
    timeouts: { connIdle, uplinkOnly: 1000, downlinkOnly: 1000 },
    onEnd: (ended) => (result = ended),
  });
  relay.start();
  try {
    await body({ client, target, links, result: () => result });
  } finally {
    client.destroy();
    target.destroy();
    origin.close();
    await inbound.listener.close();
    relay.close();
    await settled(plane);
  }
}

function nextTurn(): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Pours into the socket until, through the relay and all buffers of the system, it takes no more. */
async function stuff(from: net.Socket, towards: Conn): Promise<void> {
  const chunk = Buffer.alloc(1024 * 1024, 7);
  for (let still = 0, unsent = 0; still < 200; still += 1) {
    if (from.writableLength < 4 * chunk.length) from.write(chunk);
    await nextTurn();
    if (towards.unsent === 0 || towards.unsent !== unsent) still = 0;
    unsent = towards.unsent ?? 0;
  }
}

async function pass(seconds: number): Promise<void> {
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    vi.advanceTimersByTime(100);
    await nextTurn();
  }
}

describe('a relay', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('cuts off a client that takes nothing for as long as is allowed', async () => {
    await joined({ client: { userTimeout: 20_000 } }, async ({ target, links, result }) => {
      await stuff(target, links.client.conn);
      await pass(25);
      expect(result()).toBeUndefined();
      await pass(15);
      expect(result()).toMatchObject({ end: 'client-reset', error: { code: 'E_CONN_TIMEOUT' } });
    });
  });

  it('cuts off an upstream that takes nothing for as long as is allowed', async () => {
    await joined({ upstream: { userTimeout: 20_000 } }, async ({ client, links, result }) => {
      await stuff(client, links.upstream.conn);
      await pass(40);
      expect(result()).toMatchObject({ end: 'upstream-reset', error: { code: 'E_CONN_TIMEOUT' } });
    });
  });

  it('keeps a client that takes something now and then', async () => {
    await joined({ client: { userTimeout: 20_000 } }, async ({ client, target, links, result }) => {
      await stuff(target, links.client.conn);
      for (let i = 0; i < 20; i += 1) {
        const { bytesWritten, unsent } = links.client.conn;
        client.resume();
        while (links.client.conn.bytesWritten === bytesWritten && links.client.conn.unsent === unsent) await nextTurn();
        client.pause();
        await stuff(target, links.client.conn);
        await pass(14);
      }
      expect(result()).toBeUndefined();
    });
  });

  it('keeps who takes nothing where no time is set, until it is idle', async () => {
    await joined({ connIdle: 100_000 }, async ({ target, links, result }) => {
      await stuff(target, links.client.conn);
      await pass(95);
      expect(result()).toBeUndefined();
      await pass(10);
      expect(result()).toMatchObject({ end: 'idle' });
    });
  });

  it("does not take the other peer's stall for life", async () => {
    const options = { client: { userTimeout: 20_000 }, connIdle: 100_000 };
    await joined(options, async ({ client, links, result }) => {
      await stuff(client, links.upstream.conn);
      await pass(95);
      expect(result()).toBeUndefined();
      await pass(10);
      expect(result()).toMatchObject({ end: 'idle' });
    });
  });

  it('leaves idle connections alone', async () => {
    await joined({ client: { userTimeout: 5000 }, upstream: { userTimeout: 5000 } }, async ({ result }) => {
      await pass(120);
      expect(result()).toBeUndefined();
    });
  });

  it.each([
    [{}, [], [[undefined]]],
    [{ client: { keepAlive: 45_000 }, upstream: { keepAlive: 60_000 } }, [[45_000]], [[60_000]]],
    [{ client: { userTimeout: 5000 } }, [], [[undefined]]],
  ])('looks for dead peers once it has lived for ten seconds: %j', async (options, client, upstream) => {
    await joined(options, async ({ links }) => {
      const seen = {
        client: vi.spyOn(links.client.conn, 'keepAlive'),
        upstream: vi.spyOn(links.upstream.conn, 'keepAlive'),
      };
      await pass(9);
      expect(seen.client.mock.calls.length + seen.upstream.mock.calls.length).toBe(0);
      await pass(60);
      // Accepted conns have the default from their listener.
      expect(seen.client.mock.calls).toEqual(client);
      expect(seen.upstream.mock.calls).toEqual(upstream);
    });
  });
});

describe('a stall', () => {
  it('begins anew whenever some is taken or written', () => {
    const conn = { bytesWritten: 100, unsent: 50 };
    const watch = new StallWatch(conn as Conn, 10);
    expect(watch.ticks(10)).toBe(0);
    expect(watch.ticks(15)).toBe(5);
    conn.unsent = 49;
    expect(watch.ticks(20)).toBe(0);
    expect(watch.ticks(21)).toBe(1);
    conn.bytesWritten = 101;
    expect(watch.ticks(30)).toBe(0);
    expect(watch.ticks(90)).toBe(60);
  });

  it('is told by what is written alone where a conn does not know what it has sent', () => {
    const conn = { bytesWritten: 100 };
    const watch = new StallWatch(conn as Conn, 0);
    expect(watch.ticks(7)).toBe(7);
    conn.bytesWritten = 200;
    expect(watch.ticks(8)).toBe(0);
  });
});

describe('what a conn has not sent', () => {
  it('shrinks while the system takes a single large write', async () => {
    const plane = new DataPlane();
    const origin = await PeerServer.start();
    const conn = await dialLoopback(plane, origin.port);
    const target = await origin.nextSocket();
    expect(conn.unsent).toBe(0);
    const size = 64 * 1024 * 1024;
    expect(conn.write(Buffer.alloc(size))).toBe(false);
    const seen = new Set<number | undefined>();
    let received = 0;
    target.on('data', (chunk: Buffer) => (received += chunk.length));
    while (received < size) {
      seen.add(conn.unsent);
      await nextTurn();
    }
    while (conn.unsent !== 0) await nextTurn();
    expect(seen.size).toBeGreaterThan(10);
    conn.destroy();
    target.destroy();
    origin.close();
    await settled(plane);
  });
});
