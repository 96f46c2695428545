import { deepStrictEqual, strictEqual } from 'node:assert';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { destination, type Endpoint } from '@sluice/plugin-api';
import { EchoUdp } from '../echo-udp.js';
import { PacketPeer } from '../packet-peer.js';
import { Path } from '../path.js';
import type { Hop } from '../subject.js';
import type { Suite } from '../suite.js';

/** The largest is what every protocol with a header and a seal of its own can carry over loopback. */
const SIZES = [1, 2, 16, 512, 1200, 1400, 1472, 4096, 9000, 16_000];

/** Packets through the outbound and its inbound. */
export function packetCases({ hops, abilities, add }: Suite): void {
  const on = (name: string, body: (path: Path, echo: EchoUdp) => Promise<void>): void =>
    add(name, () => withEcho(hops.slice(0, 1), body), 20_000);

  on('packets of all sizes are answered', async (path, echo) => {
    const peer = await open(path, echo.endpoint);
    for (const size of SIZES) {
      const payload = randomBytes(size);
      peer.send(payload, echo.endpoint);
      const { payload: back } = await peer.next();
      deepStrictEqual([back.length, back.equals(payload)], [size, true]);
    }
    peer.close();
  });

  on('50 flows at once are kept apart', async (path, echo) => {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const peer = await open(path, echo.endpoint);
        const payload = randomBytes(100);
        peer.send(payload, echo.endpoint);
        strictEqual((await peer.next()).payload.equals(payload), true, 'a flow hears its own packet');
        peer.close();
      }),
    );
  });

  on('junk on the port is dropped, and packets go on', async (path, echo) => {
    const stranger = dgram.createSocket('udp4');
    for (const size of [0, 1, 2, 10, 16, 32, 100, 1000, 9000])
      await new Promise((resolve) =>
        stranger.send(randomBytes(size), path.inbounds[0]?.port ?? 0, '127.0.0.1', resolve),
      );
    stranger.close();
    const peer = await open(path, echo.endpoint);
    peer.send(randomBytes(10), echo.endpoint);
    strictEqual((await peer.next()).payload.length, 10);
    peer.close();
  });

  on('a path for packets is closed unused, and closes once', async (path, echo) => {
    const peer = await open(path, echo.endpoint);
    peer.close();
    peer.close();
    await peer.closed;
    peer.send(randomBytes(10), echo.endpoint);
    strictEqual(peer.closes, 1);
  });

  if (abilities.targets === false) return;
  on('one path leads to several targets, and says who has answered', async (path, echo) => {
    const other = await EchoUdp.start();
    try {
      const peer = await open(path, echo.endpoint);
      for (const { endpoint } of [echo, other, echo, other]) {
        peer.send(Buffer.from('who is it?'), endpoint);
        const { from } = await peer.next();
        deepStrictEqual({ address: from.address, port: from.port }, endpoint);
      }
      peer.close();
    } finally {
      await other.close();
    }
  });
}

async function open(path: Path, { address, port }: Endpoint): Promise<PacketPeer> {
  const [outbound] = path.outbounds;
  return new PacketPeer(await outbound!.openPackets(destination('udp', address, port)));
}

/** The echo has the port of the path's target: some inbounds know no other. */
async function withEcho(hops: readonly Hop[], body: (path: Path, echo: EchoUdp) => Promise<void>): Promise<void> {
  await Path.with(hops, { isUntapped: true }, async (path) => {
    const echo = await EchoUdp.start(path.origin.endpoint.port);
    try {
      await body(path, echo);
    } finally {
      await echo.close();
    }
  });
}
