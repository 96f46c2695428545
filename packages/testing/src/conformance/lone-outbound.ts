import { strictEqual } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { destination, type Endpoint } from '@sluice/plugin-api';
import { junk } from './junk.js';
import { PacketPeer } from './packet-peer.js';
import { Path, type PathOptions } from './path.js';
import type { ConformanceCase, LastOutbound } from './subject.js';
import { HASTY } from './suite.js';

/** Where nothing is sent to: port 9 is "discard" (RFC 863). */
const NOWHERE: Endpoint = { address: '127.0.0.1', port: 9 };

/**
 * What every outbound must stand that leads nowhere (that refuses, or answers by itself): whatever its
 * clients say, each comes to an end, and nothing is left of it. All on loopback.
 *
 * @param abilities `udp`: it takes packets. Default false.
 * @returns what is to be run, each by itself, by whatever test runner there is
 */
export function loneOutboundConformance(
  last: LastOutbound,
  abilities: { readonly udp?: boolean } = {},
): readonly ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  const on = (name: string, body: (path: Path) => Promise<void>, options: PathOptions = {}): void => {
    cases.push({ name, timeoutMs: 20_000, run: () => Path.with([last], options, body) });
  };

  on('a client says junk and ends', async (path) => {
    await Promise.all(junk().map((bytes) => say(path, bytes, true)));
  });

  on('a client says junk and waits', (path) => all(junk().map((bytes) => say(path, bytes, false))), { policy: HASTY });

  on('a client is cut off', async (path) => {
    for (const bytes of junk()) {
      const client = await path.client();
      client.socket.write(bytes);
      client.reset();
    }
  });

  on('64 clients at once are told the end', (path) =>
    all(Array.from({ length: 64 }, () => say(path, randomBytes(100), true))),
  );

  on('everything is closed while 20 connections are open', async (path) => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => path.client()));
    await path.close();
    await all(clients.map((client) => client.rest()));
  });

  if (abilities.udp === true) {
    on('packets are taken, and their path closes once', async (path) => {
      const [outbound] = path.outbounds;
      const { address, port } = NOWHERE;
      const peer = new PacketPeer(await outbound!.openPackets(destination('udp', address, port)));
      for (const size of [0, 1, 2, 12, 100, 1500, 9000]) peer.send(randomBytes(size), NOWHERE);
      peer.close();
      peer.close();
      await peer.closed;
      peer.send(randomBytes(1), NOWHERE);
      strictEqual(peer.closes, 1);
    });
  }
  return cases;
}

async function say(path: Path, bytes: Buffer, isEnd: boolean): Promise<void> {
  const client = await path.client();
  if (isEnd) client.socket.end(bytes);
  else client.socket.write(bytes);
  await client.rest();
  client.socket.destroy();
}

async function all(steps: readonly Promise<unknown>[]): Promise<void> {
  await Promise.all(steps);
}
