import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectMtproto, createHeader, encodeFrame, encodePqRequest, startFakeDc, type FakeDc } from '@sluice/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingOpen, startProxy, type TestProxy } from './proxy.fixture.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const padded = 'dd00112233445566778899aabbccddeeff';
let dataCenter: FakeDc;
let proxy: TestProxy;

beforeEach(async () => {
  dataCenter = await startFakeDc();
  const inbound = {
    users: [
      { secret, email: 'ann' },
      { secret: padded, email: 'bob' },
    ],
    dataCenters: { 2: [dataCenter.address] },
  };
  proxy = await startProxy({ inbound, policy: { handshake: 300 } });
});

afterEach(async () => {
  await proxy.quiet();
  expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  expect(proxy.outbound.plane.state()).toMatchObject(nothingOpen);
  await proxy.close();
  await dataCenter.close();
});

/** Connects and collects whatever is sent to it. */
async function stranger(): Promise<{ socket: Socket; received: Buffer[] }> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, received };
}

function refusals(): number | undefined {
  return proxy.inbound.stats.find('inbound>>>test-in>>>handshake>>>refused')?.value;
}

describe('a client', () => {
  const first = (
    tag: 'abridged' | 'intermediate' | 'padded',
  ): { bytes: Buffer; nonce: Buffer; stream: ReturnType<typeof createHeader> } => {
    const stream = createHeader({ tag, dc: 2, secret: Buffer.from(secret, 'hex') });
    const nonce = randomBytes(16);
    const frame = encodeFrame(tag, encodePqRequest({ method: 'req_pq_multi', nonce }));
    return { bytes: Buffer.concat([stream.header, stream.encrypt(frame)]), nonce, stream };
  };

  it.each(['abridged', 'intermediate', 'padded'] as const)('may split its first bytes anywhere (%s)', async (tag) => {
    const { length } = first(tag).bytes;
    for (let at = 1; at < length; at += 1) {
      const { bytes, nonce } = first(tag);
      const { socket } = await stranger();
      socket.write(bytes.subarray(0, at));
      // Its own segment: the rest follows when the proxy has had the chance to read the first part.
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(bytes.subarray(at));
      const request = await (await dataCenter.nextConnection()).nextRequest();
      expect(request.nonce).toEqual(nonce);
      socket.destroy();
      await proxy.inbound.nextEnd();
    }
  });

  it('may send one byte at a time', async () => {
    const { bytes, nonce } = first('padded');
    const { socket } = await stranger();
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const request = await (await dataCenter.nextConnection()).nextRequest();
    expect(request.nonce).toEqual(nonce);
    socket.destroy();
    expect((await proxy.inbound.nextEnd()).result).toBeDefined();
  });

  it('may be another one than before from the same address', async () => {
    for (const key of [secret, padded, padded, secret]) {
      const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: key });
      await client.requestPq();
      await client.close();
      expect((await proxy.inbound.nextEnd()).session.user?.email).toBe(key === secret ? 'ann' : 'bob');
    }
  });
});

describe('a stranger', () => {
  const strangers: [string, () => Buffer, RegExp][] = [
    [
      'a wrong secret',
      () => createHeader({ tag: 'padded', dc: 2, secret: randomBytes(16) }).header,
      /no user's secret/,
    ],
    [
      'HTTP',
      () => Buffer.from(`GET / HTTP/1.1\r\nHost: example.org\r\n${'X-Fill: 1\r\n'.repeat(8)}\r\n`),
      /another protocol/,
    ],
    ['TLS', () => Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), randomBytes(512)]), /another protocol/],
    [
      'a framing that a dd secret does not allow',
      () => createHeader({ tag: 'intermediate', dc: 2, secret: Buffer.from(padded.slice(2), 'hex') }).header,
      /user bob uses the intermediate framing/,
    ],
  ];

  it.each(strangers)('with %s gets no answer until the time is up', async (_, bytes, reason) => {
    const { socket, received } = await stranger();
    socket.write(bytes());
    await once(socket, 'close');
    expect(received).toEqual([]);
    const { error } = await proxy.inbound.nextEnd();
    expect(error?.code).toBe('E_AUTH');
    expect(error?.message).toMatch(reason);
    expect(refusals()).toBe(1);
  });

  it('with noise gets no answer, and its leaving ends the connection', async () => {
    const noise = fc.uint8Array({ minLength: 64, maxLength: 2000 });
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        const { socket, received } = await stranger();
        socket.end(bytes);
        await once(socket, 'close');
        expect(received).toEqual([]);
        expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_AUTH');
      }),
      { numRuns: 50 },
    );
    expect(dataCenter.accepted).toBe(0);
  });

  it('that sends without end is cut off at a bound', async () => {
    const { socket } = await stranger();
    let sent = 0;
    const pour = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024, 1))) sent += 64 * 1024;
    };
    socket.on('drain', pour);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    pour();
    await closed;
    expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_AUTH');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('that falls silent in its header is closed when the time is up', async () => {
    const { socket, received } = await stranger();
    socket.write(randomBytes(63));
    await once(socket, 'close');
    expect(received).toEqual([]);
    expect((await proxy.inbound.nextEnd()).error).toBeDefined();
    expect(refusals()).toBe(0);
  });

  it('that resets in its header is over at once', async () => {
    const { socket } = await stranger();
    socket.write(randomBytes(10));
    await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
    // libuv may tell of a reset that follows data as of an end.
    expect((await proxy.inbound.nextEnd()).error?.code).toMatch(/^E_CONN_(RESET|CLOSED)$/);
  });

  it('leaves no secret in the log', async () => {
    const { socket } = await stranger();
    socket.end(createHeader({ tag: 'padded', dc: 2, secret: randomBytes(16) }).header);
    const { error } = await proxy.inbound.nextEnd();
    socket.destroy();
    const text = `${proxy.inbound.logger.lines.join('\n')}${error?.message}${JSON.stringify(error?.details)}`;
    expect(text).not.toContain(secret.slice(0, 8));
    expect(text).not.toContain(padded.slice(2, 10));
  });
});
