import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { connPair, DataPlane, DuplexConn, Link, Relay, type Conn, type RelayResult } from '../index.js';
import { ConnServer, dialLoopback, hashToEnd, PeerServer, settled, sha256 } from '../loopback.fixture.js';

// A Node that does not give its handles away: sockets come as Node makes them.
vi.mock(import('../tcp/raw-socket.js'), async (original) => ({ ...(await original()), takeHandles: () => false }));

const EIGHT_MIB = Buffer.alloc(8 * 1024 * 1024);
beforeAll(() => {
  for (let i = 0; i < EIGHT_MIB.length; i += 4) EIGHT_MIB.writeUInt32LE((i * 2_654_435_761) % 0xffff_ffff, i);
});
const TIMEOUTS = { connIdle: 30_000, uplinkOnly: 10_000, downlinkOnly: 10_000 };

function relayed(plane: DataPlane, client: Conn, upstream: Conn): Promise<RelayResult> {
  return new Promise((resolve) => {
    new Relay(plane, new Link(client), new Link(upstream), { timeouts: TIMEOUTS, onEnd: resolve }).start();
  });
}

interface Fallback {
  readonly plane: DataPlane;
  readonly client: net.Socket;
  readonly target: net.Socket;
  readonly inbound: ConnServer;
  readonly ended: Promise<RelayResult>;
}

async function fallback(body: (parts: Fallback) => Promise<void>): Promise<void> {
  const plane = new DataPlane();
  const inbound = await ConnServer.start(plane);
  const origin = await PeerServer.start();
  const client = net.connect({ port: inbound.port, host: '127.0.0.1', allowHalfOpen: true });
  const accepted = await inbound.nextConn();
  expect(accepted).toBeInstanceOf(DuplexConn);
  const ended = relayed(plane, accepted, await dialLoopback(plane, origin.port));
  const target = await origin.nextSocket();
  for (const socket of [client, target]) socket.on('error', () => undefined);
  try {
    await body({ plane, client, target, inbound, ended });
  } finally {
    client.destroy();
    target.destroy();
    origin.close();
    await inbound.listener.close();
    await settled(plane);
  }
}

describe('without handles', () => {
  it('relays both ways at once, with half-close', async () => {
    await fallback(async ({ client, target, ended }) => {
      const up = hashToEnd(target);
      const down = hashToEnd(client);
      client.end(EIGHT_MIB);
      target.end(EIGHT_MIB);
      const expected = { bytes: EIGHT_MIB.length, sha256: sha256(EIGHT_MIB) };
      expect(await up).toEqual(expected);
      expect(await down).toEqual(expected);
      expect(await ended).toMatchObject({ end: 'done', uplink: EIGHT_MIB.length, downlink: EIGHT_MIB.length });
    });
  });

  it('cuts the client off by a reset when its upstream is reset', async () => {
    await fallback(async ({ client, target, ended }) => {
      const failed = once(client, 'error');
      target.write('half an answer');
      await once(client, 'data');
      target.resetAndDestroy();
      expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(await ended).toMatchObject({ end: 'upstream-reset' });
    });
  });

  it('stops listening while connections are open', async () => {
    await fallback(async ({ client, target, inbound }) => {
      await inbound.listener.close();
      const echoed = once(client, 'data');
      target.write('still here');
      expect(String((await echoed)[0])).toBe('still here');
    });
  });
});

describe('DuplexConn', () => {
  it('tells the end before the close when its stream is over in both directions while paused', async () => {
    const plane = new DataPlane();
    const server = await PeerServer.start();
    const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    const conn = new DuplexConn(plane, socket);
    const peer = await server.nextSocket();
    const events: string[] = [];
    const over = new Promise<void>((resolve) => {
      conn.attach({
        onData: (chunk) => {
          events.push(chunk.toString());
          conn.pause();
        },
        onEnd: () => events.push('end'),
        onDrain: () => undefined,
        onClose: (error) => {
          events.push(error === undefined ? 'close' : 'error');
          resolve();
        },
      });
    });
    conn.end();
    conn.resume();
    const closed = once(socket, 'close');
    peer.write('last');
    peer.resume();
    await once(peer, 'end');
    peer.end();
    await closed;
    expect(events).toEqual(['last']);
    expect(plane.conns).toBe(0);
    conn.resume();
    await over;
    expect(events).toEqual(['last', 'end', 'close']);
    server.close();
  });

  it('tells the close at once to who gives up a paused one', async () => {
    const plane = new DataPlane();
    const [near, far] = connPair(plane);
    const closed = new Promise<unknown>((resolve) => {
      near.attach(
        { onData: () => undefined, onEnd: () => undefined, onDrain: () => undefined, onClose: resolve },
        false,
      );
    });
    near.pause();
    far.end();
    near.end();
    near.destroy();
    far.destroy();
    expect(await closed).toBeUndefined();
    await settled(plane);
  });

  it('ends alone when its sink throws', async () => {
    const plane = new DataPlane();
    const [near, far] = connPair(plane);
    const closed = new Promise<unknown>((resolve) => {
      near.attach(
        {
          onData: () => {
            throw new TypeError('a fault of a plugin');
          },
          onEnd: () => undefined,
          onDrain: () => undefined,
          onClose: resolve,
        },
        false,
      );
    });
    near.resume();
    far.write(Buffer.from('x'));
    expect(await closed).toMatchObject({ code: 'E_INTERNAL' });
    await settled(plane);
  });
});

describe('connPair', () => {
  it('takes no memory that its writer uses again', async () => {
    const plane = new DataPlane();
    const [near, far] = connPair(plane);
    const memory = Buffer.alloc(1024, 'a');
    await new Promise<void>((resolve) => {
      const sink = { onData: () => undefined, onEnd: () => undefined, onClose: () => undefined, onDrain: resolve };
      near.attach(sink, false);
      if (near.write(memory)) resolve();
    });
    // Passed on, as it was said: from here on the memory is ours again.
    memory.fill('b');
    const link = new Link(far);
    expect((await link.reader.readExactly(1024)).toString()).toBe('a'.repeat(1024));
    near.destroy();
    far.destroy();
    await settled(plane);
  });

  it('carries a stream between relays unchanged', async () => {
    const plane = new DataPlane();
    const inbound = await ConnServer.start(plane);
    const origin = await PeerServer.start();
    const client = net.connect({ port: inbound.port, host: '127.0.0.1', allowHalfOpen: true });
    const [near, far] = connPair(plane);
    const first = relayed(plane, await inbound.nextConn(), near);
    const second = relayed(plane, far, await dialLoopback(plane, origin.port));
    const target = await origin.nextSocket();
    const up = hashToEnd(target);
    const down = hashToEnd(client);
    client.end(EIGHT_MIB);
    target.end(EIGHT_MIB);
    expect((await up).sha256).toBe(sha256(EIGHT_MIB));
    expect((await down).sha256).toBe(sha256(EIGHT_MIB));
    expect([await first, await second]).toMatchObject([{ end: 'done' }, { end: 'done' }]);
    client.destroy();
    target.destroy();
    origin.close();
    await inbound.listener.close();
    await settled(plane);
  });
});

describe('a stream of which something happened before', () => {
  const events = (conn: Conn): string[] => {
    const told: string[] = [];
    conn.attach(
      {
        onData: () => told.push('data'),
        onEnd: () => told.push('end'),
        onDrain: () => undefined,
        onClose: (error) => told.push(error === undefined ? 'close' : error.message),
      },
      false,
    );
    return told;
  };

  it('has ended: the end is told', async () => {
    const stream = new PassThrough();
    stream.push(null);
    await once(stream.resume(), 'end');
    const conn = new DuplexConn(new DataPlane(), stream);
    const told = events(conn);
    conn.resume();
    expect(told).toEqual(['end']);
    conn.destroy();
    await once(stream, 'close');
    expect(told).toEqual(['end', 'close']);
  });

  it.each([
    ['is closed', undefined, 'close'],
    ['has failed', new Error('broken'), 'broken'],
  ])('%s: that is told, and it is counted no more', async (_what, error, expected) => {
    const stream = new PassThrough();
    stream.on('error', () => undefined).destroy(error);
    await once(stream, 'close').catch(() => undefined);
    const plane = new DataPlane();
    const conn = new DuplexConn(plane, stream);
    const told = events(conn);
    await vi.waitFor(() => expect(told).toEqual([expected]));
    expect([conn.destroyed, plane.conns]).toEqual([true, 0]);
  });
});
