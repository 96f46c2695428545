import {
  connectMtproto,
  type MtprotoClient,
  startFakeMiddleProxy,
  type FakeMiddleProxy,
  type FakeMiddleProxyOptions,
} from '@sluice/testing';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { patternBytes, patternSha256 } from '@sluice/testing';
import {
  AD_TAG,
  startTaggedProxy,
  USER_SECRET,
  type TaggedProxy,
  type TaggedProxyOptions,
} from './tagged-proxy.fixture.js';

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
  vi.useRealTimers();
});

async function startMiddle(options: FakeMiddleProxyOptions = {}): Promise<FakeMiddleProxy> {
  const middle = await startFakeMiddleProxy({ mode: 'echo', adTags: [AD_TAG], ...options });
  toClose.push(() => middle.close());
  return middle;
}

async function startProxy(middle: FakeMiddleProxy, options: Partial<TaggedProxyOptions> = {}): Promise<TaggedProxy> {
  const own = { addresses: [middle.address], secret: middle.secret, policy: { downlinkOnly: 100 } };
  const proxy = await startTaggedProxy({ ...own, ...options });
  toClose.push(() => proxy.close());
  return proxy;
}

async function connect({ port }: TaggedProxy): Promise<MtprotoClient> {
  const client = await connectMtproto({ host: '127.0.0.1', port, secret: USER_SECRET });
  toClose.push(() => client.close());
  return client;
}

const message = (bytes = 64): Buffer => Buffer.concat([Buffer.of(1, 2, 3, 4, 5, 6, 7, 8), randomBytes(bytes - 8)]);

async function echoes(client: MtprotoClient, bytes = 64): Promise<void> {
  const sent = message(bytes);
  client.sendFrame(sent);
  expect((await client.readFrame()).equals(sent)).toBe(true);
}

describe('clients on a shared connection', () => {
  it('share one, even if they all come at once, and none gets what is another’s', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle);
    const clients = await Promise.all(Array.from({ length: 60 }, () => connect(proxy)));
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < 10; i += 1) await echoes(client, 8 + 4 * Math.floor(Math.random() * 5000));
      }),
    );
    expect([middle.accepted, proxy.pool.size]).toEqual([1, 1]);
    expect(middle.violations).toEqual([]);
  });

  it('leave it to the others', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle);
    const [leaves, stays] = [await connect(proxy), await connect(proxy)];
    await echoes(leaves);
    const gone = await middle.nextClient();
    await echoes(stays);
    await leaves.close();
    await proxy.inbound.nextEnd();
    expect(await gone.closed).toBe('proxy');
    // An answer that comes too late is nobody's, and hurts nobody.
    gone.answer(message());
    await echoes(stays);
    expect(middle.accepted).toBe(1);
    expect(middle.violations).toEqual([]);
  });

  it('take another when it is full, and are refused when all are', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle, { limits: { clients: 4, connections: 2 } });
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(proxy)));
    await Promise.all(clients.map((client) => echoes(client)));
    expect(middle.accepted).toBe(2);
    const refused = await connect(proxy);
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_MTPROTO_POOL_FULL' });
    await refused.close();
    await clients[0]!.close();
    await proxy.inbound.nextEnd();
    await echoes(await connect(proxy));
    expect(middle.accepted).toBe(2);
    expect(middle.violations).toEqual([]);
  });

  it('come to their end in order where the data centre ends one of them', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle);
    const [ended, other] = [await connect(proxy), await connect(proxy)];
    await echoes(ended);
    const seen = await middle.nextClient();
    const last = message(100_000);
    seen.answer(last);
    seen.close();
    expect((await ended.readFrame()).equals(last)).toBe(true);
    expect(await ended.readToEnd()).toHaveLength(0);
    await echoes(other);
    ended.end();
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ end: 'done' });
    expect(middle.violations).toEqual([]);
  });

  it('all end when it breaks, and the next one gets a new one', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect(proxy)));
    for (const client of clients) await echoes(client);
    (await middle.nextConnection()).destroy('reset');
    for (const client of clients) {
      await expect(client.readToEnd()).rejects.toThrow();
      const { result } = await proxy.inbound.nextEnd();
      expect(result).toMatchObject({ end: 'upstream-reset', error: { code: 'E_CONN_RESET' } });
    }
    await echoes(await connect(proxy));
    expect(middle.accepted).toBe(2);
  });

  it('all end when the outbound closes', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle);
    const client = await connect(proxy);
    await echoes(client);
    proxy.pool.close();
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ error: { code: 'E_CLOSING' } });
    await connect(proxy);
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_CLOSING' });
    expect(proxy.pool.size).toBe(0);
  });
});

describe('back-pressure', () => {
  it('ends a client that does not read, while the others are served', async () => {
    const middle = await startMiddle({ mode: 'sink' });
    const proxy = await startProxy(middle);
    const [slow, quick] = [await connect(proxy), await connect(proxy)];
    slow.socket.pause();
    slow.sendFrame(message());
    const stalled = await middle.nextClient();
    quick.sendFrame(message());
    const served = await middle.nextClient();
    let answers = 0;
    for (; stalled.closedBy === undefined && answers < 100; answers += 1) {
      stalled.answer(message(1 << 20));
      await stalled.drained();
      served.answer(message(1000));
      expect(await quick.readFrame()).toHaveLength(1000);
    }
    // What waits for it, and what the sockets on its way hold.
    expect(answers).toBeGreaterThan(16);
    expect(stalled.closedBy).toBe('proxy');
    const { result } = await proxy.inbound.nextEnd();
    expect(result).toMatchObject({ end: 'error', error: { code: 'E_MTPROTO_CLIENT_SLOW' } });
    expect(middle.accepted).toBe(1);
    expect(middle.violations).toEqual([]);
  });

  it('keeps what a client leaves lying for a while, in order', async () => {
    const size = 6 << 20;
    const middle = await startMiddle({ mode: 'source', sourceBytes: size });
    const proxy = await startProxy(middle);
    const [slow, other] = [await connect(proxy), await connect(proxy)];
    slow.socket.pause();
    slow.sendFrame(message(8));
    const stalled = await middle.nextClient();
    expect(await stalled.closed).toBe('middle-proxy');
    other.sendFrame(message(8));
    await other.readFrame();
    slow.socket.resume();
    const parts: Buffer[] = [];
    for (let got = 0; got < size; got += parts.at(-1)!.length) parts.push(await slow.readFrame());
    expect(Buffer.concat(parts).equals(patternBytes(size))).toBe(true);
    expect(await slow.readToEnd()).toHaveLength(0);
    expect(middle.violations).toEqual([]);
  });

  it('makes clients wait for a middle proxy that does not take, and loses nothing', async () => {
    const middle = await startMiddle({ mode: 'sink', faults: { pausesReading: true } });
    const proxy = await startProxy(middle);
    const client = await connect(proxy);
    const size = 64 << 20;
    let sent = 0;
    const pump = (): void => {
      while (sent < size) {
        const bytes = patternBytes(1 << 18, sent);
        sent += bytes.length;
        if (!client.sendFrame(bytes)) return void client.socket.once('drain', pump);
      }
    };
    pump();
    const connection = await middle.nextConnection();
    // Everything on the way is full when the client's socket has not drained for many turns.
    for (let idle = 0; idle < 2000;) {
      const before = sent;
      await new Promise((resolve) => setImmediate(resolve));
      idle = before === sent ? idle + 1 : 0;
    }
    expect(sent).toBeLessThan(size);
    connection.resumeReading();
    const seen = await middle.nextClient();
    while (seen.payloadBytes < size) await seen.nextRequest();
    expect(seen.sha256).toBe(patternSha256(size));
    expect(middle.violations).toEqual([]);
  });

  it('waits for a client that has the connection to itself', async () => {
    const size = 64 << 20;
    const middle = await startMiddle({ mode: 'source', sourceBytes: size });
    const proxy = await startProxy(middle, { way: 'sole' });
    const client = await connect(proxy);
    client.socket.pause();
    client.sendFrame(message(8));
    const seen = await middle.nextClient();
    let isClosed = false;
    void seen.closed.then(() => (isClosed = true));
    for (let turn = 0; turn < 3000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    client.socket.resume();
    let got = 0;
    while (got < size) got += (await client.readFrame()).length;
    expect(await client.readToEnd()).toHaveLength(0);
    expect(middle.violations).toEqual([]);
  });
});

describe('connections of the pool', () => {
  it('are given up when their middle proxy takes nothing for half a minute', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const middle = await startMiddle({ faults: (index) => (index === 0 ? { pausesReading: true } : undefined) });
    const proxy = await startProxy(middle, { policy: { connIdle: 300_000 } });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const client = await connect(proxy);
    for (let idle = 0; idle < 100; idle += 1) {
      if (client.sendFrame(message(1 << 18))) idle = 0;
      await turn();
    }
    const ended = { result: undefined as unknown };
    void proxy.inbound.nextEnd().then(({ result }) => (ended.result = result));
    let seconds = 0;
    for (; ended.result === undefined && seconds < 60; seconds += 1) {
      for (let tick = 0; tick < 10; tick += 1) vi.advanceTimersByTime(100);
      await turn();
    }
    expect(ended.result).toMatchObject({ end: 'upstream-reset', error: { code: 'E_CONN_TIMEOUT' } });
    expect(seconds).toBeGreaterThan(28);
    await echoes(await connect(proxy));
    expect(middle.accepted).toBe(2);
  });

  it('are closed when nobody has needed them for a while', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle, { limits: { idle: 100 } });
    const client = await connect(proxy);
    await echoes(client);
    const connection = await middle.nextConnection();
    await client.close();
    expect(await connection.ended).toMatchObject({ openClients: 0, pendingBytes: 0 });
    expect(proxy.pool.size).toBe(0);
    await echoes(await connect(proxy));
    expect(middle.accepted).toBe(2);
  });

  it('are not closed while somebody is there', async () => {
    const middle = await startMiddle();
    const proxy = await startProxy(middle, { limits: { idle: 100 } });
    const [first, second] = [await connect(proxy), await connect(proxy)];
    await echoes(first);
    await echoes(second);
    await first.close();
    await proxy.inbound.nextEnd();
    const third = await connect(proxy);
    const past = { done: false };
    proxy.plane.timers.after(400, () => (past.done = true));
    while (!past.done) await echoes(third);
    await echoes(second);
    expect(middle.accepted).toBe(1);
  });

  it('are opened to another middle proxy if the first does not work', async () => {
    const gone = await startFakeMiddleProxy();
    await gone.close();
    const refusing = await startMiddle({ faults: { handshake: 'error' } });
    const middle = await startMiddle();
    const { secret } = middle;
    const proxy = await startProxy(middle, { addresses: [gone.address, refusing.address, middle.address], secret });
    await echoes(await connect(proxy));
    expect(proxy.reports).toEqual([`failed ${gone.address}`, `failed ${refusing.address}`, `worked ${middle.address}`]);
  });

  it('are opened beside one that says nothing for a while, which then rests', async () => {
    const mute = await startMiddle({ faults: { stallAfter: 44 } });
    const { secret } = mute;
    const middle = await startMiddle({ secret });
    const proxy = await startProxy(middle, { addresses: [mute.address, middle.address], secret });
    await echoes(await connect(proxy));
    expect(proxy.reports).toEqual([`worked ${middle.address}`, `failed ${mute.address}`]);
    expect(middle.violations).toEqual([]);
  });

  it('fail with the error of the first if none works', async () => {
    const gone = await startFakeMiddleProxy();
    await gone.close();
    const refusing = await startMiddle({ faults: { nonce: 'error' } });
    const proxy = await startProxy(refusing, { addresses: [gone.address, refusing.address] });
    await connect(proxy);
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_DIAL_REFUSED' });
    expect(proxy.pool.size).toBe(0);
  });

  it('are given up when a middle proxy says nothing', async () => {
    const middle = await startMiddle({ faults: { stallAfter: 44 } });
    const proxy = await startProxy(middle, { limits: { handshake: 200 } });
    await Promise.all([connect(proxy), connect(proxy)]);
    for (let i = 0; i < 2; i += 1) {
      expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_HANDSHAKE_TIMEOUT' });
    }
    expect(middle.accepted).toBe(1);
    expect(await (await middle.nextConnection()).ended).toMatchObject({ openClients: 0 });
  });

  it('are not waited for when the outbound closes, whether dialled or in their handshake', async () => {
    const middle = await startMiddle({ faults: { stallAfter: 0 } });
    const proxy = await startProxy(middle, { limits: { handshake: 300_000 } });
    await connect(proxy);
    while (middle.open === 0) await new Promise((resolve) => setImmediate(resolve));
    proxy.pool.close();
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_CLOSING' });
    expect(proxy.reports).toEqual([]);
    await proxy.close();
  });

  it('answer a ping', async () => {
    const middle = await startMiddle();
    await echoes(await connect(await startProxy(middle)));
    await (await middle.nextConnection()).ping();
    expect(middle.violations).toEqual([]);
  });
});

it('no frame from a middle proxy, however odd, ends more than its connection', async () => {
  const type = fc.constantFrom(0x4403da0d, 0x3bac409b, 0x5eb634a2, 0x5730a2df, 0x1fcf425d, 0x36cef1ee, 0x7acb87aa);
  const frame = fc.record({ type, toClient: fc.boolean(), words: fc.nat(6) });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), fc.boolean(), async (frames, endsInJunk) => {
      const middle = await startMiddle();
      const proxy = await startProxy(middle);
      const client = await connect(proxy);
      await echoes(client);
      const { connectionId } = await middle.nextClient();
      const connection = await middle.nextConnection();
      for (const { type: name, toClient, words } of frames) {
        const body = randomBytes(4 + 4 * words);
        body.writeUInt32LE(name);
        const at = name === 0x4403da0d ? 8 : 4;
        if (toClient && body.length >= at + 8) body.writeBigUInt64LE(connectionId, at);
        connection.send(body);
      }
      // Read as a length, it is none.
      if (endsInJunk) connection.sendRaw(Buffer.alloc(64, 0xff));
      else await connection.ping();
      if (endsInJunk) await connection.ended;
      await echoes(await connect(proxy));
      expect(middle.accepted).toBe(endsInJunk ? 2 : 1);
      for (const close of toClose.splice(0).reverse()) await close();
    }),
    { numRuns: 40 },
  );
});
