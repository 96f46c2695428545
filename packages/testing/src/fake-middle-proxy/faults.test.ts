import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeMiddleProxy, type FakeMiddleProxy, type FakeMiddleProxyOptions } from './fake-middle-proxy.js';
import type { FrameFault, MiddleProxyFaults } from './faults.js';
import { request, RpcClient, words } from './rpc-client.fixture.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  faults: FakeMiddleProxyOptions['faults'],
  options?: FakeMiddleProxyOptions,
): Promise<FakeMiddleProxy> {
  const proxy = await startFakeMiddleProxy({ mode: 'echo', ...options, ...(faults === undefined ? {} : { faults }) });
  cleanups.push(() => proxy.close());
  return proxy;
}

async function connectTo(to: FakeMiddleProxy): Promise<RpcClient> {
  const client = await RpcClient.connect({ host: to.host, port: to.port, secret: to.secret });
  cleanups.push(() => client.close());
  return client;
}

async function openTo(to: FakeMiddleProxy): Promise<RpcClient> {
  const client = await connectTo(to);
  await client.exchangeNonces();
  await client.shakeHands();
  return client;
}

/** Handshake, one request, its echo; what came of it. */
async function exchange(to: FakeMiddleProxy): Promise<string> {
  const client = await connectTo(to);
  try {
    await client.exchangeNonces();
    await client.shakeHands();
    client.send(request());
    const answer = await client.next();
    return answer.length === 16 + 64 && answer.readUInt32LE() === 0x4403da0d ? 'echo' : answer.toString('hex', 0, 4);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.close();
  }
}

/** The bytes that the server sends for one exchange: 44 in the clear, then 48 and 96 enciphered. */
const wholeExchange = 44 + 48 + 96;

describe('faults of the fake middle proxy', () => {
  it.each<[MiddleProxyFaults, string | RegExp]>([
    [{ nonce: 'short' }, 'no nonce'],
    [{ nonce: 'error' }, 'no nonce'],
    [{ handshake: 'short' }, 'no handshake'],
    [{ handshake: 'error' }, 'no handshake'],
    [{ handshake: 'other-peer' }, 'a handshake for another process'],
    [{}, 'echo'],
    [{ pieces: 1 }, 'echo'],
    [{ pieces: 7 }, 'echo'],
  ])('%j', async (faults, outcome) => {
    expect(await exchange(await start(faults))).toEqual(outcome);
  });

  it.each<[MiddleProxyFaults, (body: Buffer, secret: Buffer) => boolean]>([
    [{ nonce: 'other-selector' }, (body, secret) => !body.subarray(4, 8).equals(secret.subarray(0, 4))],
    [{ nonce: 'other-schema' }, (body) => body.readUInt32LE(8) !== 1],
    [{ nonce: 'old' }, (body) => body.readUInt32LE(12) < Date.now() / 1000 - 3000],
  ])('%j shows in the nonce', async (faults, isSo) => {
    for (const [on, expected] of [
      [faults, true],
      [{}, false],
    ] as const) {
      const to = await start(on);
      const client = await connectTo(to);
      await client.exchangeNonces();
      expect(isSo(client.nonceAnswer, to.secret)).toBe(expected);
    }
  });

  const frameFaults: [FrameFault, RegExp][] = [
    ['wrong-crc', /^a wrong checksum$/],
    ['wrong-sequence', /^frame -?\d$/],
    ['oversized', /^a frame of 1073741824 bytes$/],
    ['undersized', /^a frame of 8 bytes$/],
    ['unaligned', /^a frame of \d*[13579] bytes$/],
    ['junk', /^a frame of \d+ bytes$/],
    ['unknown-operation', /^no nonce$|^no handshake$|^5a5a5a5a$/],
    ['cut', /^the connection ended with \d+ of \d+ bytes$/],
  ];
  it.each(frameFaults.flatMap(([fault, outcome]) => [0, 1, 2].map((index) => ({ fault, index, outcome }))))(
    '$fault in frame $index',
    async ({ fault, index, outcome }) => {
      expect(await exchange(await start({ frame: { index, fault } }))).toMatch(outcome);
    },
  );

  it.each([0, 1, 2])('half of frame %i, and silence', async (index) => {
    const to = await start({ frame: { index, fault: 'stall' } });
    const client = await connectTo(to);
    const steps = [() => client.exchangeNonces(), () => client.shakeHands()];
    for (const step of steps.slice(0, index)) await step();
    if (index === 2) client.send(request());
    const silent = index === 2 ? client.next() : steps[index]?.();
    const ended = expect(silent).rejects.toThrow(/ended with \d+ of \d+/);
    // The server is still there and reads, and says no more by itself.
    expect(to.open).toBe(1);
    client.end();
    await ended;
  });

  it('cuts after any byte', async () => {
    let cutAfter = 0;
    const to = await start(() => ({ cutAfter }));
    for (; cutAfter < wholeExchange; cutAfter += 1) {
      expect(await exchange(to)).toMatch(/^the connection ended with/);
    }
    expect(await exchange(to)).toBe('echo');
  });

  it.each([{}, { pieces: 5 }])('cuts by a reset, with all before it sent: %j', async (more) => {
    const to = await start({ cutAfter: 44, cutBy: 'reset', ...more });
    const client = await connectTo(to);
    await client.exchangeNonces();
    await expect(client.shakeHands()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('stalls after some bytes, open as before', async () => {
    const to = await start({ stallAfter: 44 });
    const client = await connectTo(to);
    await client.exchangeNonces();
    const rest = expect(client.shakeHands()).rejects.toThrow(/ended with 0 of 4/);
    await to.nextConnection();
    expect(to.open).toBe(1);
    client.end();
    await rest;
  });

  it('is chosen for each connection', async () => {
    const to = await start((index) => (index === 1 ? { nonce: 'error' } : undefined));
    expect([await exchange(to), await exchange(to), await exchange(to)]).toEqual(['echo', 'no nonce', 'echo']);
  });

  it('reads nothing until told', async () => {
    const to = await start({ pausesReading: true });
    const client = await openTo(to);
    const connection = await to.nextConnection();
    const big = request({ data: Buffer.alloc(1 << 20, 1) });
    for (let count = 0; count < 12; count += 1) client.send(big);
    // Far more than the kernel's buffers hold: the socket asks to wait, and goes on when the server does.
    expect(client.socket.writableNeedDrain).toBe(true);
    expect(connection.clients).toEqual([]);
    connection.resumeReading();
    for (let count = 0; count < 12; count += 1) expect(await client.next()).toHaveLength(16 + (1 << 20));
  });

  it('is made by hand at any time', async () => {
    const to = await start(undefined);
    const client = await openTo(to);
    const connection = await to.nextConnection();
    connection.send(words(1, 2, 3));
    expect(await client.next()).toEqual(words(1, 2, 3));
    connection.send(words(1, 2, 3), 'wrong-crc');
    await expect(client.next()).rejects.toThrow('a wrong checksum');
    connection.sendRaw(words(4, 4, 8));
    await expect(client.next()).rejects.toThrow('a frame of 8 bytes');
    const closed = once(client.socket, 'close').catch((error: unknown) => error);
    connection.destroy('reset');
    expect(await closed).toMatchObject({ code: 'ECONNRESET' });
    expect(to.violations).toEqual([]);
  });
});
