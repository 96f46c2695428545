import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DataPlane, LinkDuplex, SluiceError, type Codec, type Emit } from './index.js';
import { hashToEnd, linkedPair, settled, sha256 } from './loopback.fixture.js';

/** Frames of one length byte; the frame of length 0 is the end, and a stream without it is cut off. */
class Frames implements Codec {
  write(chunk: Buffer, emit: Emit): void {
    for (let at = 0; at < chunk.length; at += 255) {
      const part = chunk.subarray(at, at + 255);
      emit(Buffer.from([part.length, ...part]));
    }
  }
  end(emit: Emit): void {
    emit(Buffer.from([0]));
  }
}

class Unframes implements Codec {
  disposed = 0;
  #kept: Buffer = Buffer.alloc(0);
  #over = false;
  write(chunk: Buffer, emit: Emit): void {
    this.#kept = Buffer.concat([this.#kept, chunk]);
    for (;;) {
      const length = this.#kept[0];
      if (length === undefined || this.#kept.length < length + 1) return;
      if (length === 0) this.#over = true;
      else emit(this.#kept.subarray(1, length + 1));
      this.#kept = this.#kept.subarray(length + 1);
    }
  }
  end(): void {
    if (!this.#over) throw new SluiceError('E_PROTOCOL', 'the stream is cut off');
  }
  dispose(): void {
    this.disposed += 1;
    if (this.disposed > 1) throw new Error('disposed of twice');
  }
}

const FOUR_MIB = Buffer.alloc(4 * 1024 * 1024, 'some content ');

describe('Link', () => {
  it("ends with its encoders' last words, once", async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    const received = hashToEnd(peer);
    link.push({ encode: new Frames() });
    link.write(Buffer.from('ab'));
    link.end();
    link.end();
    expect(await received).toEqual({ bytes: 4, sha256: sha256(Buffer.from([2, 97, 98, 0])) });
    await close();
    await settled(plane);
  });

  describe('lingerThenClose', () => {
    it('lets a peer that has already ended take all that was written', async () => {
      const plane = new DataPlane();
      const { peer, link, close } = await linkedPair(plane);
      peer.pause();
      peer.end();
      link.write(FOUR_MIB);
      link.lingerThenClose(plane, 5000);
      const received = hashToEnd(peer);
      // Long enough for the end to be read while bytes still wait.
      await new Promise((resolve) => setTimeout(resolve, 50));
      peer.resume();
      expect(await received).toEqual({ bytes: FOUR_MIB.length, sha256: sha256(FOUR_MIB) });
      await settled(plane);
      await close();
    });

    it('closes when time is up on a peer that neither reads nor ends, and disposes of codecs once', async () => {
      const plane = new DataPlane();
      const { peer, link, close } = await linkedPair(plane);
      const codec = new Unframes();
      link.push({ decode: codec });
      peer.on('error', () => undefined).pause();
      link.write(Buffer.alloc(32 * 1024 * 1024));
      link.lingerThenClose(plane, 100);
      await settled(plane);
      link.destroy();
      expect(codec.disposed).toBe(1);
      await close();
    });

    it('leaves no timer behind on a conn that is gone', async () => {
      const plane = new DataPlane();
      const { link, close } = await linkedPair(plane);
      link.destroy();
      await settled(plane);
      link.lingerThenClose(plane, 60_000);
      await settled(plane);
      await close();
    });
  });
});

describe('HandshakeReader', () => {
  it('rejects reads on a conn that was closed before or after', async () => {
    const plane = new DataPlane();
    const { link, close } = await linkedPair(plane);
    const waiting = link.reader.readExactly(1);
    link.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'E_CONN_CLOSED' });
    await expect(link.reader.readExactly(1)).rejects.toMatchObject({ code: 'E_CONN_CLOSED' });
    await close();
    await settled(plane);
  });
});

describe('LinkDuplex', () => {
  it('carries a stream through codecs both ways, with their last words', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    link.push({ decode: new Unframes(), encode: new Frames() });
    const stream = new LinkDuplex(link);
    // What it writes comes back to it: the peer echoes frames.
    peer.pipe(peer);
    stream.end(FOUR_MIB);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(stream, 'end');
    expect(sha256(Buffer.concat(chunks))).toBe(sha256(FOUR_MIB));
    await settled(plane);
    await close();
  });

  it('takes a stream that its decoder finds cut off for an error, and not for the end', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    link.push({ decode: new Unframes() });
    const stream = new LinkDuplex(link);
    const ends: string[] = [];
    stream.on('end', () => ends.push('end')).resume();
    peer.on('error', () => undefined);
    peer.end(Buffer.from([1, 97]));
    const [error] = (await once(stream, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'E_PROTOCOL' });
    expect(ends).toEqual([]);
    await close();
    await settled(plane);
  });

  it('shows its peer by a reset that it was destroyed with an error, and finishes the write at hand', async () => {
    const plane = new DataPlane();
    const { peer, link, close } = await linkedPair(plane);
    const stream = new LinkDuplex(link);
    stream.on('error', () => undefined);
    const written = new Promise<unknown>((resolve) => stream.write(Buffer.alloc(64 * 1024 * 1024), resolve));
    peer.pause();
    const failed = new Promise<unknown>((resolve) => peer.on('error', resolve));
    stream.destroy(new Error('no more'));
    expect(await written).toMatchObject({ message: 'no more' });
    await settled(plane);
    peer.write('x');
    peer.resume();
    await failed;
    await close();
  });

  it('ends at once on a link whose conn is gone', async () => {
    const plane = new DataPlane();
    const { link, close } = await linkedPair(plane);
    link.destroy();
    await settled(plane);
    const stream = new LinkDuplex(link);
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.on('close', resolve));
    await close();
  });
});
