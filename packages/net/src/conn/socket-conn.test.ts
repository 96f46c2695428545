import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DataPlane, type ConnSink, type SocketConn } from '../index.js';
import { linkedPair, settled } from '../loopback.fixture.js';

const SILENT: ConnSink = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('SocketConn', () => {
  it.each(['at once', 'a tick later', 'a turn later'])(
    'is gone after a reset that follows its end %s',
    async (when) => {
      const plane = new DataPlane();
      const before = process.platform === 'linux' ? openFiles() : 0;
      const { peer, link, close } = await linkedPair(plane);
      peer.on('error', () => undefined).resume();
      const closed = once(peer, 'close');
      link.conn.end();
      if (when === 'a tick later') await new Promise<void>((resolve) => process.nextTick(resolve));
      if (when === 'a turn later') await turn();
      link.conn.reset();
      peer.end();
      await closed;
      await close();
      await settled(plane);
      if (process.platform === 'linux') expect(openFiles()).toBe(before);
    },
  );

  it('shows by a reset that what was written is not all there', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    const failed = once(peer, 'error');
    link.conn.write(Buffer.alloc(64 * 1024 * 1024));
    link.conn.end();
    link.conn.reset();
    peer.resume();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    await close();
    await settled(plane);
  });

  it('drops what is written after the end, and delivers what was before it', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    const chunks: Buffer[] = [];
    peer.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(peer, 'end');
    link.conn.write(Buffer.from('before'));
    link.conn.end();
    expect(link.conn.write(Buffer.from('after'))).toBe(true);
    expect(link.conn.writeVolatile(Buffer.from('after'))).toBe(true);
    link.conn.end();
    await ended;
    expect(Buffer.concat(chunks).toString()).toBe('before');
    expect(link.conn.bytesWritten).toBe(6);
    expect(link.reader.failure).toBeUndefined();
    await close();
    await settled(plane);
  });

  it('tells a sink that comes too late that the conn is gone', async () => {
    const plane = new DataPlane();
    const { link, close } = await linkedPair(plane);
    const reason = new Error('not wanted');
    link.conn.destroy(reason);
    await settled(plane);
    const told = new Promise<unknown>((resolve) => link.conn.attach({ ...SILENT, onClose: resolve }, false));
    expect(await told).toBe(reason);
    await close();
  });

  it.each(['onData', 'onEnd', 'onDrain'] as const)('ends alone when its sink throws in %s', async (where) => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    peer.on('error', () => undefined).resume();
    const told = new Promise<unknown>((resolve) => {
      const thrower = (): never => {
        throw new TypeError('a fault of a plugin');
      };
      link.conn.attach({ ...SILENT, onClose: resolve, [where]: thrower }, true);
    });
    link.conn.resume();
    if (where === 'onDrain') link.conn.write(Buffer.alloc(16 * 1024 * 1024));
    else peer.end('some bytes');
    expect(await told).toMatchObject({ code: 'E_INTERNAL', message: 'a fault of a plugin' });
    await close();
    await settled(plane);
  });

  it('keeps thousands of small volatile writes that wait in memory of their own size', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    // The peer does not read: from some point on everything waits.
    while (link.conn.write(Buffer.alloc(1024 * 1024)));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 2000; i += 1) link.conn.writeVolatile(Buffer.from('slice of a chunk'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    peer.destroy();
    await close();
    await settled(plane);
  });

  it('stays with the shared memory after its large one had to be taken away often', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    const conn = link.conn as SocketConn;
    let received = 0;
    let wake: () => void = () => undefined;
    const sink: ConnSink = {
      ...SILENT,
      onData: (chunk) => {
        received += chunk.length;
        wake();
      },
    };
    conn.attach(sink, true);
    conn.resume();
    let borrowedTimes = 0;
    const burst = Buffer.alloc(4 * 1024 * 1024);
    for (let i = 1; i <= 40; i += 1) {
      peer.write(burst);
      while (received < i * burst.length) await new Promise<void>((resolve) => (wake = resolve));
      borrowedTimes += plane.state().buffers.borrowed;
      conn.returnBuffer();
      expect(plane.state().buffers.borrowed).toBe(0);
    }
    expect(borrowedTimes).toBeGreaterThan(0);
    expect(borrowedTimes).toBeLessThanOrEqual(16);
    peer.destroy();
    await close();
    await settled(plane);
  });
});
