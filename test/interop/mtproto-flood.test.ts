import { connectMtproto, createHeader, patternSha256, startFakeDc, type FakeDc } from '@sluice/testing';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { Flood, memoryOf, socketsOf } from './flood.fixture.js';
import { siteName, startFronted, type Fronted } from './mtproto-fronting.fixture.js';
import { MIB, Started } from './program.fixture.js';

const connections = 10_000;
/** By data centre, in bytes: one download of a second or so, and one that takes as long as the flood. */
const sizes = { 2: 128 * MIB, 3: 512 * MIB } as const;
type DataCenter = keyof typeof sizes;

describePeers('a flood', ['nginx', 'openssl'], () => {
  const started = new Started();
  let fronted: Fronted;

  beforeAll(async () => {
    const [two, three] = await Promise.all([startSource(2), startSource(3)]);
    const dataCenters = { 2: [two.address], 3: [three.address] };
    // Whoever has this secret may come with TLS or without, so both kinds of nonsense have to be looked at.
    const settings = (key: Buffer) => ({
      users: [{ secret: key.toString('hex') }],
      tls: { serverNames: [siteName] },
      dataCenters,
    });
    fronted = started.add(await startFronted({ patience: 120, inbounds: (_nginx, key) => ({ all: settings(key) }) }));
  });

  const startSource = async (dc: DataCenter): Promise<FakeDc> =>
    started.add(await startFakeDc({ mode: 'source', sourceBytes: sizes[dc] }));

  afterAll(() => started.close());

  it('of 20,000 connections leaves a download, the program and its memory alone', async () => {
    const { program, key } = fronted;
    const target = { host: '127.0.0.1', port: program.port('all') };
    const sockets = socketsOf(program.pid);
    const calm = await (await download(target.port, key, 2)).done;
    // What the first connection has loaded stays.
    const idle = { sockets, memory: memoryOf(program.pid).now };

    const flood = started.add(new Flood(11));
    // Held before its last bytes until all of the flood has come: it goes on while everything happens.
    const held = await download(target.port, key, 3);
    held.hold();
    const floodStart = performance.now();
    const silent = await flood.pour(target, connections, 'silence');
    expect(silent).toMatchObject({ connected: connections, refused: 0 });
    // The last of them may still be in the kernel's queue.
    await expect.poll(() => socketsOf(program.pid), { timeout: 20_000 }).toBeGreaterThan(connections);
    const withSilence = { sockets: socketsOf(program.pid), memory: memoryOf(program.pid).now };
    // Who has a secret still gets in.
    const late = await connectMtproto({ ...target, secret: key.toString('hex'), timeout: 30_000 });
    late.send(Buffer.of(1));
    await late.read(1000);
    await late.close();
    await flood.pour(target, connections, 'garbage');
    const took = performance.now() - floodStart;
    const withAll = { sockets: socketsOf(program.pid), memory: memoryOf(program.pid).now };
    held.release();
    const flooded = await held.done;
    expect(flooded.sha256).toBe(patternSha256(sizes[3]));

    const counts = await flood.letGo();
    await expect.poll(() => socketsOf(program.pid), { timeout: 30_000 }).toBeLessThanOrEqual(idle.sockets);
    await flood.close();
    const after = await (await download(target.port, key, 2)).done;
    expect([calm.sha256, after.sha256]).toEqual([patternSha256(sizes[2]), patternSha256(sizes[2])]);
    const memory = memoryOf(program.pid);
    process.stdout.write(
      [
        `download: ${calm.rate} alone, ${flooded.rate} in the flood, ${after.rate} after it`,
        `flood: ${counts.connected} connections in ${(took / 1000).toFixed(1)} s, ${counts.refused} refused; open in the ` +
          `program: ${idle.sockets} before, ${withSilence.sockets} with the silent ones, ${withAll.sockets} with all`,
        `memory (RSS): ${mib(idle.memory)} before, ${mib(withSilence.memory)} with the silent ones, ` +
          `${mib(withAll.memory)} with all, ${mib(memory.peak)} at its peak, ${mib(memory.now)} after\n`,
      ].join('\n'),
    );
  }, 120_000);
});

const mib = (size: number): string => `${size.toFixed(0)} MiB`;

interface Download {
  /** Leaves the last bytes unread until `release`. */
  hold(): void;
  release(): void;
  readonly done: Promise<{ readonly rate: string; readonly sha256: string }>;
}

/** All that a data centre has. */
async function download(port: number, key: Buffer, dc: DataCenter): Promise<Download> {
  const stream = createHeader({ tag: 'intermediate', dc, secret: key });
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(Buffer.concat([stream.header, stream.encrypt(randomBytes(1))]));
  const hash = createHash('sha256');
  const start = performance.now();
  let left: number = sizes[dc];
  let isHeld = false;
  let pausedAt: number | undefined;
  let pausedFor = 0;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    hash.update(stream.decrypt(chunk));
    if (!isHeld || left > 4 * MIB) return;
    pausedAt ??= performance.now();
    socket.pause();
  });
  const done = once(socket, 'end').then(() => {
    const seconds = (performance.now() - start - pausedFor) / 1000;
    return { rate: `${Math.round(sizes[dc] / MIB / seconds)} MiB/s`, sha256: hash.digest('hex') };
  });
  return {
    hold: () => void (isHeld = true),
    release() {
      isHeld = false;
      if (pausedAt !== undefined) pausedFor = performance.now() - pausedAt;
      socket.resume();
    },
    done,
  };
}
