import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DataPlane, SluiceError, type Codec } from '../index.js';
import { linkedPair, settled } from '../loopback.fixture.js';

/** Adds a constant to every byte, so that order and layering show. */
class Shift implements Codec {
  constructor(readonly by: number) {}
  write(chunk: Buffer, emit: (bytes: Buffer) => void): void {
    emit(Buffer.from(chunk.map((byte) => byte + this.by)));
  }
}

async function withPair(body: (pair: Awaited<ReturnType<typeof linkedPair>>) => Promise<void>): Promise<void> {
  const plane = new DataPlane();
  const pair = await linkedPair(plane);
  try {
    await body(pair);
  } finally {
    await pair.close();
    await settled(plane);
  }
}

describe('HandshakeReader', () => {
  it('reads the same at every split point, and leaves the rest', async () => {
    const message = Buffer.from('ab\r\ncdefgREST');
    for (let split = 0; split <= message.length; split += 1) {
      await withPair(async ({ peer, link }) => {
        peer.setNoDelay(true);
        peer.write(message.subarray(0, split), () => peer.write(message.subarray(split)));
        expect((await link.reader.readUntil('\r\n')).toString()).toBe('ab\r\n');
        expect((await link.reader.peek(2)).toString()).toBe('cd');
        expect((await link.reader.readExactly(5)).toString()).toBe('cdefg');
        expect((await link.reader.readExactly(4)).toString()).toBe('REST');
        expect(link.reader.release()).toHaveLength(0);
      });
    }
  });

  it('hands on exactly what was not read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), async (bytes, at) => {
        const taken = at % bytes.length;
        await withPair(async ({ peer, link }) => {
          peer.end(bytes);
          await link.reader.peek(bytes.length);
          const head = await link.reader.readExactly(taken);
          expect(Buffer.concat([head, link.reader.release()])).toEqual(Buffer.from(bytes));
        });
      }),
      { numRuns: 20 },
    );
  });

  it('decodes what is buffered when a layer is added', async () => {
    await withPair(async ({ peer, link }) => {
      peer.write(Buffer.from([1, 2, 3, 4]));
      await link.reader.peek(4);
      expect(await link.reader.readExactly(1)).toEqual(Buffer.from([1]));
      link.push({ decode: new Shift(10) });
      expect(await link.reader.readExactly(1)).toEqual(Buffer.from([12]));
      link.push({ decode: new Shift(100) });
      expect(await link.reader.readExactly(2)).toEqual(Buffer.from([113, 114]));
    });
  });

  it('refuses more bytes than its limit, asked for or sent', async () => {
    await withPair(async ({ peer, link }) => {
      link.reader.limit(100);
      await expect(link.reader.readExactly(101)).rejects.toMatchObject({ code: 'E_HANDSHAKE_LIMIT' });
      peer.write(Buffer.alloc(5000, 0x61));
      await expect(link.reader.readUntil('\n')).rejects.toMatchObject({ code: 'E_HANDSHAKE_LIMIT' });
    });
  });

  it('takes in no more while nobody asks', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    peer.write(Buffer.alloc(64 * 1024 * 1024));
    await link.reader.readExactly(1);
    const before = link.conn.bytesRead;
    // Ten round trips through the event loop, in which an unpaused conn would read megabytes.
    for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(link.conn.bytesRead).toBe(before);
    await close();
    await settled(plane);
  });

  it('tells an end from a reset', async () => {
    await withPair(async ({ peer, link }) => {
      peer.end('abc');
      await expect(link.reader.readExactly(4)).rejects.toMatchObject({ code: 'E_CONN_CLOSED' });
      expect((await link.reader.readSomeOrEnd()).toString()).toBe('abc');
      expect(await link.reader.readSomeOrEnd()).toHaveLength(0);
    });
    await withPair(async ({ peer, link }) => {
      const reading = link.reader.readExactly(4);
      peer.resetAndDestroy();
      await expect(reading).rejects.toMatchObject({ code: 'E_CONN_RESET' });
    });
  });

  it('ends with the reason that closed the link', async () => {
    await withPair(async ({ link }) => {
      const reading = link.reader.readExactly(4);
      const reason = new SluiceError('E_HANDSHAKE_TIMEOUT', 'late');
      link.destroy(reason);
      await expect(reading).rejects.toBe(reason);
    });
  });

  it('shows what has come, at every split point, until that suffices, and leaves it', async () => {
    const message = Buffer.from('length 9:ninebytes');
    for (let split = 0; split <= message.length; split += 1) {
      await withPair(async ({ peer, link }) => {
        peer.setNoDelay(true);
        peer.write(message.subarray(0, split), () => peer.write(message.subarray(split)));
        const seen = await link.reader.inspect((bytes) => bytes.length >= 18);
        expect(seen.toString()).toBe(message.toString());
        expect((await link.reader.readExactly(18)).toString()).toBe(message.toString());
      });
    }
  });

  it('fails only the read that is given up', async () => {
    await withPair(async ({ peer, link }) => {
      peer.write('half');
      const reason = new SluiceError('E_HANDSHAKE_TIMEOUT', 'too slow');
      await link.reader.peek(4);
      const read = link.reader.inspect(() => false);
      link.reader.giveUp(reason);
      await expect(read).rejects.toBe(reason);
      link.reader.giveUp(reason);
      peer.write(' and half');
      expect((await link.reader.readExactly(13)).toString()).toBe('half and half');
    });
  });

  it('fails the read during which its time is up, or the first after that', async () => {
    await withPair(async ({ peer, link }) => {
      const late = new SluiceError('E_HANDSHAKE_TIMEOUT', 'too slow');
      const read = link.reader.readExactly(4);
      link.reader.expire(late);
      await expect(read).rejects.toBe(late);
      link.reader.expire(late);
      await expect(link.reader.readExactly(4)).rejects.toBe(late);
      peer.write('here');
      expect((await link.reader.readExactly(4)).toString()).toBe('here');
    });
  });
});
