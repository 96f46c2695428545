import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { connectMtproto, type MtprotoClient, type MtprotoClientOptions } from '../mtproto-client/index.js';
import { startFakeDc, type FakeDc, type FakeDcOptions } from './fake-dc.js';
import { patternBytes, patternSha256 } from './pattern.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options?: FakeDcOptions): Promise<FakeDc> {
  const dc = await startFakeDc(options);
  cleanups.push(() => dc.close());
  return dc;
}

async function connectTo(dc: FakeDc, options: Partial<MtprotoClientOptions> = {}): Promise<MtprotoClient> {
  const client = await connectMtproto({ host: dc.host, port: dc.port, ...options });
  cleanups.push(() => client.close());
  return client;
}

describe('fake data centre', () => {
  it.each([
    { tag: 'abridged', dc: 2, method: 'req_pq' },
    { tag: 'intermediate', dc: -4, method: 'req_pq_multi' },
    { tag: 'padded', dc: 10_002, method: 'req_pq_multi' },
  ] as const)('answers $method under $tag and tells dc $dc', async ({ tag, dc: id, method }) => {
    const dc = await start();
    const client = await connectTo(dc, { tag, dc: id });
    const answer = await client.requestPq({ method, quickAck: true });
    expect(answer.fingerprints).toEqual([dc.fingerprint]);
    const seen = await dc.nextConnection();
    expect({ dc: seen.dc, tag: seen.tag }).toEqual({ dc: id, tag });
    expect(seen.firstBytes).toEqual(client.header);
    expect(seen.remotePort).toBe(client.socket.localPort);
    expect(await seen.nextRequest()).toEqual({ method, quickAck: true, nonce: answer.nonce });
  });

  it('answers several requests on one connection', async () => {
    const client = await connectTo(await start());
    const first = await client.requestPq();
    const second = await client.requestPq();
    expect(second.nonce).not.toEqual(first.nonce);
  });

  it('reads a header that comes byte by byte, the payload behind it', async () => {
    const dc = await start({ mode: 'echo' });
    const client = await connectTo(dc, { sendHeader: 'by-hand' });
    const payload = client.encrypt(Buffer.from('behind'));
    for (const byte of client.header.subarray(0, 63)) client.socket.write(Buffer.of(byte));
    client.socket.write(Buffer.concat([client.header.subarray(63), payload]));
    expect((await client.read(6)).toString()).toBe('behind');
  });

  it('listens on ::1 too', async () => {
    const dc = await start({ host: '::1' });
    expect(dc.address).toBe(`[::1]:${dc.port}`);
    await expect((await connectTo(dc)).requestPq()).resolves.toBeDefined();
  });

  it('echoes, and ends when the other side has', async () => {
    const client = await connectTo(await start({ mode: 'echo' }));
    const sent = patternBytes(3 << 20);
    client.send(sent);
    client.end();
    expect((await client.readToEnd()).equals(sent)).toBe(true);
  });

  it('swallows, and answers the end with the hash', async () => {
    const dc = await start({ mode: 'sink' });
    const client = await connectTo(dc);
    client.send(patternBytes(1_000_003));
    client.end();
    expect((await client.readToEnd()).toString('hex')).toBe(patternSha256(1_000_003));
    const seen = await dc.nextConnection();
    expect(await seen.ended).toEqual({ payloadBytes: 1_000_003, sha256: patternSha256(1_000_003), halfClosed: true });
  });

  it('pours the pattern after the first byte, and half-closes', async () => {
    const client = await connectTo(await start({ mode: 'source', sourceBytes: 2_000_003 }));
    client.send(Buffer.of(1));
    const got = await client.readToEnd();
    expect(createHash('sha256').update(got).digest('hex')).toBe(patternSha256(2_000_003));
  });

  it.each([
    ['a short header', Buffer.alloc(63, 0x5a), /ended after 63 bytes/],
    ['no known framing', Buffer.alloc(64, 0x5a), /no known framing/],
    ['a forbidden start', Buffer.alloc(64, 'GET / HTTP/1.1\r\n'), /another protocol/],
  ])('rejects %s', async (_name, bytes, reason) => {
    const dc = await start();
    const client = await connectTo(dc, { sendHeader: 'by-hand' });
    client.socket.end(bytes);
    const end = await dc.nextRejected();
    expect(end.error?.message).toMatch(reason);
    expect(dc.accepted).toBe(1);
    expect(dc.open).toBe(0);
  });

  it('ends a connection that sends another message than a request', async () => {
    const dc = await start();
    const client = await connectTo(dc);
    client.sendFrame(Buffer.alloc(40, 1));
    const seen = await dc.nextConnection();
    expect((await seen.ended).error?.message).toMatch(/neither req_pq/);
  });

  it('resets on demand', async () => {
    const dc = await start();
    const client = await connectTo(dc);
    (await dc.nextConnection()).destroy('reset');
    await expect(client.readToEnd()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('closes with connections open, and tells who waits', async () => {
    const dc = await startFakeDc();
    const client = await connectTo(dc);
    await dc.nextConnection();
    const waiting = expect(dc.nextConnection()).rejects.toThrow(/closed/);
    await dc.close();
    await waiting;
    expect(await client.readToEnd().catch(() => Buffer.alloc(0))).toHaveLength(0);
  });
});
