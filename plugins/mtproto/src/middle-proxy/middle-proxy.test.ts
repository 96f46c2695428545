import { createHash, randomBytes } from 'node:crypto';
import {
  connectMtproto,
  patternBytes,
  patternSha256,
  type MtprotoClient,
  quickAckToken,
  startFakeMiddleProxy,
  type FakeMiddleProxy,
  type FakeMiddleProxyOptions,
} from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
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
});

async function start(
  fakeOptions: FakeMiddleProxyOptions = {},
  options: Partial<TaggedProxyOptions> = {},
): Promise<{ middle: FakeMiddleProxy; proxy: TaggedProxy }> {
  const middle = await startFakeMiddleProxy({ adTags: [AD_TAG], ...fakeOptions });
  toClose.push(() => middle.close());
  const proxy = await startTaggedProxy({ addresses: [middle.address], secret: middle.secret, ...options });
  toClose.push(() => proxy.close());
  return { middle, proxy };
}

async function connect(
  { port }: TaggedProxy,
  options: Partial<Parameters<typeof connectMtproto>[0]> = {},
): Promise<MtprotoClient> {
  const client = await connectMtproto({ host: '127.0.0.1', port, secret: USER_SECRET, ...options });
  toClose.push(() => client.close());
  return client;
}

const framings = ['abridged', 'intermediate', 'padded'] as const;
const words = (bytes: number): Buffer => Buffer.concat([Buffer.of(1, 2, 3, 4, 5, 6, 7, 8), randomBytes(bytes - 8)]);

describe.each(['pool', 'sole'] as const)('a client led through a middle proxy (%s)', (way) => {
  it.each(framings)('is answered and acknowledged under the %s framing, and every field is right', async (tag) => {
    const { middle, proxy } = await start({}, { way });
    const client = await connect(proxy, { tag });
    const { fingerprints } = await client.requestPq();
    expect(fingerprints).toEqual([middle.fingerprint]);
    const seen = await middle.nextClient();
    expect(seen).toMatchObject({
      framing: tag,
      adTag: AD_TAG,
      client: { address: '127.0.0.1', port: client.socket.localPort },
      proxy: { address: '127.0.0.1', port: proxy.port },
    });
    const request = await seen.nextRequest();
    expect(request.quickAck).toBe(false);
    // The next with the bit set: the token comes first, in the framing's own order of bytes.
    const message = words(40);
    seen.answer(Buffer.alloc(4));
    expect((await client.readFrame()).subarray(0, 4)).toEqual(Buffer.alloc(4));
    client.sendFrame(message, { quickAck: true, ...(tag === 'padded' ? { padding: Buffer.alloc(3) } : {}) });
    expect(await seen.nextRequest()).toMatchObject({ quickAck: true, data: message });
    const token = Buffer.alloc(4);
    if (tag === 'abridged') token.writeUInt32BE(quickAckToken(message));
    else token.writeUInt32LE(quickAckToken(message));
    expect(await client.read(4)).toEqual(token);
    expect(middle.violations).toEqual([]);
  });

  it.each(framings)('has its messages carried both ways as they are, of every length (%s)', async (tag) => {
    const { middle, proxy } = await start({ mode: 'echo' }, { way });
    const client = await connect(proxy, { tag });
    const padding = tag === 'padded' ? { padding: Buffer.alloc(2) } : {};
    for (const length of [8, 12, 500, 504, 508, 512, 65_536, 262_144, 1_048_572 - 4]) {
      const message = words(length);
      client.sendFrame(message, padding);
      expect((await client.readFrame()).equals(message)).toBe(true);
    }
    const many = Array.from({ length: 50 }, (_, index) => words(8 + 4 * index));
    for (const message of many) client.sendFrame(message, padding);
    for (const message of many) expect(await client.readFrame()).toEqual(message);
    expect(middle.violations).toEqual([]);
  });

  it('downloads to the end, which comes behind the last byte', async () => {
    const size = 8 << 20;
    const { middle, proxy } = await start({ mode: 'source', sourceBytes: size }, { way });
    const client = await connect(proxy, { tag: 'abridged' });
    client.sendFrame(words(8));
    const hash = createHash('sha256');
    for (let got = 0; got < size;) {
      const frame = await client.readFrame();
      hash.update(frame);
      got += frame.length;
    }
    expect(hash.digest('hex')).toBe(patternSha256(size));
    expect(await client.readToEnd()).toHaveLength(0);
    client.end();
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ end: 'done' });
    expect(middle.violations).toEqual([]);
  });

  it('uploads; what was sent before its half-close arrives, and the answer after it', async () => {
    const { middle, proxy } = await start({ mode: 'sink' }, { way, policy: { downlinkOnly: 300 } });
    const client = await connect(proxy);
    const size = 4 << 20;
    for (let offset = 0; offset < size; offset += 1 << 16) client.sendFrame(patternBytes(1 << 16, offset));
    client.end();
    const seen = await middle.nextClient();
    while (seen.payloadBytes < size) await seen.nextRequest();
    expect(seen.sha256).toBe(patternSha256(size));
    seen.answer(words(16));
    expect(await client.readFrame()).toHaveLength(16);
    expect(way === 'pool' ? ['proxy'] : ['proxy', 'connection']).toContain(await seen.closed);
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ end: 'done' });
    expect(middle.violations).toEqual([]);
  });

  it('that does not keep to its framing ends alone', async () => {
    const { middle, proxy } = await start({ mode: 'echo' }, { way });
    const [bad, good] = [await connect(proxy), await connect(proxy)];
    bad.send(Buffer.alloc(4));
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ end: 'error', error: { code: 'E_PROTOCOL' } });
    const message = words(32);
    good.sendFrame(message);
    expect(await good.readFrame()).toEqual(message);
    expect(middle.violations).toEqual([]);
  });

  it('goes without a tag if there is none', async () => {
    const { middle, proxy } = await start({ adTags: [] }, { way, withoutTag: true });
    const client = await connect(proxy);
    await client.requestPq();
    expect(middle.violations).toEqual([]);
  });

  it('reaches a middle proxy over IPv6', async () => {
    const { middle, proxy } = await start({ host: '::1' }, { way });
    const client = await connect(proxy);
    await client.requestPq();
    expect(middle.violations).toEqual([]);
  });

  it('is let through NAT on both sides', async () => {
    const serverAddress = { address: '192.0.2.7', port: 8888 };
    const clientAddress = '203.0.113.9';
    const { middle, proxy } = await start(
      { serverAddress, clientAddress },
      {
        way,
        natAddress: clientAddress,
        addresses: ['192.0.2.7:8888'],
        redirect: (to) => ({ ...to, host: '127.0.0.1', port: middlePort() }),
      },
    );
    function middlePort(): number {
      return middle.port;
    }
    const client = await connect(proxy);
    await client.requestPq();
    expect((await middle.nextClient()).proxy).toEqual({ address: clientAddress, port: proxy.port });
    expect(middle.violations).toEqual([]);
  });

  it('is not led through a middle proxy that sees us elsewhere than we think', async () => {
    const { middle, proxy } = await start({ clientAddress: '203.0.113.9' }, { way });
    await connect(proxy);
    const { error } = await proxy.inbound.nextEnd();
    expect(error?.code).toMatch(/^E_(PROTOCOL|CONN_CLOSED|CONN_RESET)$/);
    expect(proxy.reports).toEqual([`failed ${middle.address}`]);
  });

  it.each([
    [{ nonce: 'other-selector' }, 'E_AUTH'],
    [{ nonce: 'other-schema' }, 'E_PROTOCOL'],
    [{ nonce: 'old' }, 'E_AUTH'],
    [{ nonce: 'short' }, 'E_PROTOCOL'],
    [{ nonce: 'error' }, 'E_AUTH'],
    [{ handshake: 'other-peer' }, 'E_PROTOCOL'],
    [{ handshake: 'short' }, 'E_PROTOCOL'],
    [{ handshake: 'error' }, 'E_AUTH'],
    [{ frame: { index: 0, fault: 'wrong-crc' } }, 'E_PROTOCOL'],
    [{ frame: { index: 1, fault: 'wrong-sequence' } }, 'E_PROTOCOL'],
    [{ frame: { index: 1, fault: 'oversized' } }, 'E_PROTOCOL'],
    [{ frame: { index: 1, fault: 'junk' } }, 'E_PROTOCOL'],
    [{ cutAfter: 0 }, 'E_CONN_CLOSED'],
    [{ cutAfter: 43 }, 'E_CONN_CLOSED'],
    [{ cutAfter: 60, cutBy: 'reset' }, 'E_CONN_RESET'],
  ] as const)('ends with a reason for a handshake that fails: %j', async (faults, code) => {
    const { middle, proxy } = await start({ faults }, { way });
    const client = await connect(proxy);
    const end = await proxy.inbound.nextEnd();
    expect(end.error).toMatchObject({ code });
    expect(end.error?.message).not.toContain(middle.secret.toString('hex').slice(0, 8));
    expect(proxy.reports).toEqual([`failed ${middle.address}`]);
    await client.close();
  });

  it.each(['wrong-crc', 'wrong-sequence', 'oversized', 'undersized', 'unaligned', 'junk', 'cut'] as const)(
    'ends with a reason for an answer that makes no sense: %s',
    async (fault) => {
      const { middle, proxy } = await start(
        { mode: 'echo', faults: (index) => (index === 0 ? { frame: { index: 2, fault } } : undefined) },
        { way },
      );
      const client = await connect(proxy);
      client.sendFrame(words(64));
      const { result } = await proxy.inbound.nextEnd();
      expect(result?.error?.code).toMatch(/^E_(PROTOCOL|CONN_RESET)$/);
      await expect(client.readFrame()).rejects.toThrow();
      const next = await connect(proxy);
      const message = words(64);
      next.sendFrame(message);
      expect(await next.readFrame()).toEqual(message);
      expect(middle.accepted).toBe(2);
    },
  );

  it.each([1, 3, 16, 17])('understands a middle proxy that sends in pieces of %i bytes', async (pieces) => {
    const { middle, proxy } = await start({ mode: 'echo', packed: true, faults: { pieces } }, { way });
    const client = await connect(proxy, { tag: 'abridged' });
    for (const length of [8, 516, 20]) {
      const message = words(length);
      client.sendFrame(message, { quickAck: length === 516 });
      if (length === 516) await client.read(4);
      expect(await client.readFrame()).toEqual(message);
    }
    expect(middle.violations).toEqual([]);
  });

  it('passes over what it does not know', async () => {
    const { middle, proxy } = await start({ mode: 'echo' }, { way });
    const client = await connect(proxy);
    client.sendFrame(words(8));
    await client.readFrame();
    const connection = await middle.nextConnection();
    connection.send(Buffer.from('5a5a5a5a01020304', 'hex'));
    connection.send(Buffer.from('2233445500000000', 'hex'), 'unknown-operation');
    await connection.ping();
    client.sendFrame(words(8));
    await client.readFrame();
    expect(middle.violations).toEqual([]);
  });
});
