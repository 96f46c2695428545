import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { patternBytes } from '../fake-dc/pattern.js';
import { decodeResPq, encodePqRequest } from '../fake-dc/res-pq.js';
import { quickAckToken } from './data-center-role.js';
import { startFakeMiddleProxy, type FakeMiddleProxy, type FakeMiddleProxyOptions } from './fake-middle-proxy.js';
import { frame, request, RpcClient, tag, tagBlock, words, type RpcClientOptions } from './rpc-client.fixture.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options?: FakeMiddleProxyOptions): Promise<FakeMiddleProxy> {
  const proxy = await startFakeMiddleProxy(options);
  cleanups.push(() => proxy.close());
  return proxy;
}

async function connectTo(to: FakeMiddleProxy, options: Partial<RpcClientOptions> = {}): Promise<RpcClient> {
  const client = await RpcClient.connect({ host: to.host, port: to.port, secret: to.secret, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function openTo(to: FakeMiddleProxy, options: Partial<RpcClientOptions> = {}): Promise<RpcClient> {
  const client = await connectTo(to, options);
  await client.exchangeNonces();
  await client.shakeHands();
  return client;
}

const answerTo = (id: bigint) => {
  const head = Buffer.concat([words(0x4403da0d, 0), Buffer.alloc(8)]);
  head.writeBigUInt64LE(id, 8);
  return head.toString('hex');
};
const closing = (name: number, id: bigint) => {
  const body = Buffer.concat([words(name), Buffer.alloc(8)]);
  body.writeBigUInt64LE(id, 4);
  return body;
};
const closeConn = (id: bigint) => closing(0x1fcf425d, id);

describe('fake middle proxy: handshake', () => {
  it.each([
    ['127.0.0.1', false],
    ['127.0.0.1', true],
    ['::1', false],
    ['::1', true],
  ] as const)('shakes hands on %s (packed: %s)', async (host, packed) => {
    const to = await start({ host, packed });
    const client = await openTo(to, { afterNonce: words(4) });
    const connection = await to.nextConnection();
    expect(connection.remote).toEqual({ address: host, port: client.socket.localPort });
    expect(connection.handshake?.sender).toEqual({ ip: 0, port: 0, pid: 0x1234, startedAt: 99 });
    expect(to.address).toBe(host === '::1' ? `[::1]:${to.port}` : `127.0.0.1:${to.port}`);
    expect({ accepted: to.accepted, open: to.open, violations: to.violations }).toEqual({
      accepted: 1,
      open: 1,
      violations: [],
    });
  });

  it('sees the proxy where its NAT is', async () => {
    const to = await start({ clientAddress: '198.51.100.9' });
    await openTo(to, { ownAddress: '198.51.100.9' });
    await to.nextConnection();
    // Whoever derives keys from another address cannot be read.
    const other = await connectTo(to);
    await other.exchangeNonces();
    await expect(other.shakeHands()).rejects.toThrow(/ended/);
    expect((await to.nextRejected()).error?.name).toBe('RpcFrameError');
  });

  it('takes its own process id, whole or in part, for the peer', async () => {
    const to = await start();
    const first = await openTo(to);
    const peer = (await restOfHandshake(to)).subarray(8, 20);
    await openTo(to, { peer });
    expect(to.violations).toEqual([]);
    await openTo(to, { peer: Buffer.from('IPIPPRPDTIME') });
    expect(to.violations).toEqual([expect.stringMatching(/another process/)]);
    await first.close();
  });

  async function restOfHandshake(to: FakeMiddleProxy): Promise<Buffer> {
    const client = await connectTo(to);
    await client.exchangeNonces();
    return client.shakeHands();
  }

  it.each<[string, Partial<RpcClientOptions>, RegExp]>([
    ['another selector', { selector: Buffer.alloc(4, 1) }, /selector is not the first 4 bytes/],
    ['another schema', { schema: 2 }, /crypto schema 2/],
    ['a clock behind', { timestamp: Math.floor(Date.now() / 1000) - 100 }, /clock is off by -1\d\d seconds/],
    ['a clock ahead', { timestamp: Math.floor(Date.now() / 1000) + 100 }, /clock is off by/],
    ['more after the nonce', { afterNonce: Buffer.alloc(20, 9) }, /more follows the nonce/],
  ])('refuses %s', async (_what, options, reason) => {
    const to = await start();
    const client = await connectTo(to, options);
    await expect(client.exchangeNonces()).rejects.toThrow();
    expect((await to.nextRejected()).error?.message).toMatch(reason);
    expect(to.violations).toEqual([expect.stringMatching(reason)]);
  });

  it.each<[string, Buffer, RegExp]>([
    ['no nonce', frame(-2, words(0x7682eef5, 0, 0, 0)), /7682eef5 instead of the nonce/],
    ['a short nonce', frame(-2, words(0x7acb87aa, 0, 0)), /nonce packet of 12 bytes/],
    ['a handshake first', frame(-1, words(0x7682eef5, 0)), /number -1 instead of -2/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /not made of words|over the limit/],
  ])('refuses %s', async (_what, bytes, reason) => {
    const to = await start();
    const client = await connectTo(to);
    client.socket.end(bytes);
    expect((await to.nextRejected()).error?.message).toMatch(reason);
  });

  it('refuses a handshake that is none', async () => {
    const to = await start();
    const client = await connectTo(to);
    await client.exchangeNonces();
    client.send(request());
    expect((await to.nextRejected()).error?.message).toMatch(/36cef1ee instead of the handshake/);
  });

  it('says what bytes came of an unfinished frame', async () => {
    const to = await start();
    const client = await connectTo(to);
    client.socket.end(frame(-2, Buffer.alloc(32)).subarray(0, 21));
    expect(await to.nextRejected()).toEqual({ pendingBytes: 21, openClients: 0 });
    expect(to.violations).toEqual([]);
  });

  it('notes flags that no handshake has', async () => {
    const to = await start();
    await openTo(to, { handshakeFlags: 0x801 });
    await openTo(to, { handshakeFlags: 0x1000 });
    expect(to.violations).toEqual([expect.stringMatching(/low byte/), expect.stringMatching(/unknown flags 1000/)]);
  });
});

describe('fake middle proxy: clients', () => {
  it('answers req_pq_multi, with a quick acknowledgement first when asked', async () => {
    const to = await start({ adTags: [tag] });
    const client = await openTo(to);
    const nonce = randomBytes(16);
    const data = encodePqRequest({ method: 'req_pq_multi', nonce });
    client.send(request({ id: 9n, flags: 0xa802100a, data }));
    const ack = await client.next();
    expect(ack).toEqual(Buffer.concat([closing(0x3bac409b, 9n), words(quickAckToken(data))]));
    expect(ack[15]).toBeGreaterThanOrEqual(0x80);
    const answer = await client.next();
    expect(answer.toString('hex', 0, 16)).toBe(answerTo(9n));
    expect(decodeResPq(answer.subarray(16))).toMatchObject({ nonce, fingerprints: [to.fingerprint] });
    const seen = await to.nextClient();
    expect(seen).toMatchObject({ connectionId: 9n, framing: 'padded', adTag: tag });
    expect(await seen.nextRequest()).toMatchObject({ quickAck: true, data, client: { address: '192.0.2.1' } });
    expect(to.violations).toEqual([]);
  });

  it('closes a client that sends another message than a request', async () => {
    const to = await start();
    const client = await openTo(to);
    client.send(request());
    expect(await client.next()).toEqual(closing(0x5eb634a2, 7n));
    expect(await (await to.nextClient()).closed).toBe('middle-proxy');
  });

  it('keeps clients of one connection apart', async () => {
    const to = await start({ mode: 'echo' });
    const client = await openTo(to);
    const ids = [1n, 2n ** 63n, 0xffff_ffff_ffff_fffen];
    for (const id of ids) client.send(request({ id, data: Buffer.alloc(8, Number(id % 251n) + 1) }));
    for (const id of ids) {
      const answer = await client.next();
      expect(answer.toString('hex', 0, 16)).toBe(answerTo(id));
      expect(answer.subarray(16)).toEqual(Buffer.alloc(8, Number(id % 251n) + 1));
      expect((await to.nextClient()).connectionId).toBe(id);
    }
    const connection = await to.nextConnection();
    expect(connection.clients.map(({ connectionId }) => connectionId)).toEqual(ids);
    client.send(closeConn(2n ** 63n));
    expect(await connection.clients[1]?.closed).toBe('proxy');
    client.end();
    expect(await connection.ended).toMatchObject({ openClients: 2 });
    expect(await connection.clients[0]?.closed).toBe('connection');
    expect(to.violations).toEqual([]);
  });

  it('counts and hashes', async () => {
    const to = await start({ mode: 'sink' });
    const client = await openTo(to);
    const sent = patternBytes(300_000);
    for (let at = 0; at < sent.length; at += 100_000) client.send(request({ data: sent.subarray(at, at + 100_000) }));
    client.send(closeConn(7n));
    const seen = await to.nextClient();
    expect(await seen.closed).toBe('proxy');
    expect(seen.payloadBytes).toBe(300_000);
    expect(seen.sha256).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  it.each([false, true])('pours the pattern, then closes (packed: %s)', async (packed) => {
    const to = await start({ mode: 'source', sourceBytes: 2_000_004, answerBytes: 99_996, packed });
    const client = await openTo(to);
    client.send(request());
    const got: Buffer[] = [];
    for (;;) {
      const body = await client.next();
      if (body.equals(closing(0x5eb634a2, 7n))) break;
      got.push(body.subarray(16));
    }
    expect(Buffer.concat(got).equals(patternBytes(2_000_004))).toBe(true);
    expect(got[0]?.length).toBe(99_996);
  });

  it('pours no further for a client that has left', async () => {
    const to = await start({ mode: 'source', sourceBytes: 1 << 30 });
    const client = await openTo(to);
    client.send(request());
    await client.next();
    client.send(closeConn(7n));
    expect(await (await to.nextClient()).closed).toBe('proxy');
    const connection = await to.nextConnection();
    const pong = connection.ping();
    for (;;) {
      const body = await client.next();
      if (body.readUInt32LE() !== 0x5730a2df) continue;
      client.send(Buffer.concat([words(0x8430eaa7), body.subarray(4)]));
      break;
    }
    await pong;
  });

  it('answers PING, and asks', async () => {
    const to = await start();
    const client = await openTo(to);
    const connection = await to.nextConnection();
    client.send(words(0x5730a2df, 1, 2));
    expect(await client.next()).toEqual(words(0x8430eaa7, 1, 2));
    await expect(connection.ping(50)).rejects.toThrow(/no PONG within/);
    client.send(words(0x8430eaa7, 1, 2));
    client.send(words(0x5730a2df, 1));
    client.send(words(0x11111111));
    client.end();
    await connection.ended;
    expect(to.violations).toEqual([
      'a PONG that answers no PING',
      'a PING of 8 bytes',
      'the unknown operation 11111111',
    ]);
  });

  it('answers by hand, with flags, and closes on demand', async () => {
    const to = await start({ mode: 'sink' });
    const client = await openTo(to);
    client.send(request());
    const seen = await to.nextClient();
    seen.answer(words(0xfffffe6c), 16);
    expect(await client.next()).toEqual(Buffer.concat([words(0x4403da0d, 16, 7, 0), words(0xfffffe6c)]));
    seen.acknowledge(0x81020304);
    expect(await client.next()).toEqual(words(0x3bac409b, 7, 0, 0x81020304));
    seen.close();
    expect(await client.next()).toEqual(closing(0x5eb634a2, 7n));
    // What was under way meanwhile is no fault.
    client.send(request());
    client.send(closeConn(7n));
    client.end();
    await (
      await to.nextConnection()
    ).ended;
    expect(to.violations).toEqual([]);
    expect(seen.closedBy).toBe('middle-proxy');
  });

  it.each<[string, FakeMiddleProxyOptions, Buffer[], RegExp]>([
    ['a rule broken in a request', {}, [request({ proxyPort: 0 })], /proxy's port is 0/],
    ['another tag', { adTags: ['f'.repeat(32)] }, [request()], /tag 0011.* is not one of ffff/],
    ['no tag', { adTags: [tag] }, [request({ flags: 0x40021000, extra: '' })], /tag that is missing/],
    ['a tag where none may be', { adTags: [] }, [request()], /tag 0011.* is not one of $/],
    ['another port', {}, [request(), request({ clientPort: 50_001 })], /id 7 was .*50000.* is .*50001/],
    ['another framing', {}, [request(), request({ flags: 0x20021008 })], /abridged.* is .*intermediate/],
    ['another tag later', {}, [request(), request({ extra: tagBlock('1'.repeat(32)) })], /0011.* is .*1111/],
    ['an id used again', {}, [request(), closeConn(7n), request()], /7 is used again after CLOSE_CONN/],
    ['a second CLOSE_CONN', {}, [request(), closeConn(7n), closeConn(7n)], /for a client already closed/],
    ['CLOSE_CONN for nobody', {}, [closeConn(7n)], /for a client that never was/],
    ['a long CLOSE_CONN', {}, [Buffer.concat([closeConn(7n), words(0)])], /CLOSE_CONN of 16 bytes/],
  ])('notes %s', async (_what, options, bodies, reason) => {
    const to = await start({ mode: 'sink', ...options });
    const client = await openTo(to);
    for (const body of bodies) client.send(body);
    client.end();
    await (
      await to.nextConnection()
    ).ended;
    expect(to.violations).toEqual([expect.stringMatching(reason)]);
  });

  it('holds the proxy to the address that it is seen at', async () => {
    const to = await start({ mode: 'sink', clientAddress: '198.51.100.9' });
    const client = await openTo(to, { ownAddress: '198.51.100.9' });
    client.send(request({ id: 1n, proxyIp: '00000000000000000000ffffc6336409' }));
    client.send(request({ id: 2n }));
    client.end();
    await (
      await to.nextConnection()
    ).ended;
    expect(to.violations).toEqual([expect.stringMatching(/at 127.0.0.1, and it is seen at 198.51.100.9/)]);
  });

  it('ends a connection whose frames cannot be read', async () => {
    const to = await start();
    const client = await openTo(to);
    client.sendPlain(frame(5, request()));
    await expect(client.next()).rejects.toThrow(/ended/);
    expect(to.violations).toEqual(['a frame with the sequence number 5 instead of 0']);
  });

  it('closes with clients there, and tells who waits', async () => {
    const to = await startFakeMiddleProxy({ mode: 'sink' });
    const client = await openTo(to);
    client.send(request());
    const seen = await to.nextClient();
    const waiting = expect(to.nextClient()).rejects.toThrow(/closed/);
    await to.close();
    await waiting;
    expect(await seen.closed).toBe('connection');
    await expect(client.next()).rejects.toThrow();
  });
});
