import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { freePort, type PeerProcess } from '../peers/process.js';
import { startV2ray } from '../peers/v2ray.js';
import { dial, door, serve, server, sha256, Started, startProgram, type Server } from './program.fixture.js';
import { expectTransfer, transferTarget, udpEcho } from './socks-transfer.js';
import { expectEchoes, SocksUdpClient, UdpClient } from './udp-client.fixture.js';

const started = new Started();
afterEach(() => started.close());

const DOMAIN = 'bridge.test.example';
const direct = { tag: 'direct', protocol: 'freedom' };
const account = { user: 'bridge', pass: 'b:r@1' };

type Kind = 'ours' | 'v2ray';
type Carrier = 'socks' | 'http';

/** The outer side. Its first port is the bridges'; then one for each inbound that leads through them. */
async function startPortal(
  kind: Kind,
  carrier: Carrier,
  inbounds: readonly ReturnType<typeof door>[],
  bridgesPort?: number,
): Promise<PeerProcess & { readonly ports: readonly number[] }> {
  const settings = { accounts: [account], ...(carrier === 'socks' ? { auth: 'password' } : {}) };
  const port = bridgesPort ?? (await freePort());
  const config = {
    inbounds: [{ tag: 'for-bridges', listen: '127.0.0.1', port, protocol: carrier, settings }, ...inbounds],
    outbounds: [{ tag: 'none', protocol: 'blackhole' }],
    reverse: { portals: [{ tag: 'portal', domain: DOMAIN }] },
    routing: {
      rules: [
        { type: 'field', inboundTag: ['for-bridges'], domain: [`full:${DOMAIN}`], outboundTag: 'portal' },
        { type: 'field', inboundTag: inbounds.map(({ tag }) => tag), outboundTag: 'portal' },
      ],
    },
  };
  if (kind === 'v2ray') return started.add(await startV2ray({ log: { loglevel: 'warning' }, ...config }));
  const program = started.add(await startProgram(config));
  return { ...program, ports: config.inbounds.map(({ tag }) => program.port(tag)) };
}

/** The inner side; it has no port. */
async function startBridge(kind: Kind, carrier: Carrier, portal: number): Promise<PeerProcess> {
  const config = {
    outbounds: [direct, { tag: 'to-portal', protocol: carrier, settings: server(portal, [account]) }],
    reverse: { bridges: [{ tag: 'bridge', domain: DOMAIN }] },
    routing: {
      rules: [
        { type: 'field', inboundTag: ['bridge'], domain: [`full:${DOMAIN}`], outboundTag: 'to-portal' },
        { type: 'field', inboundTag: ['bridge'], outboundTag: 'direct' },
      ],
    },
  };
  if (kind === 'v2ray') return started.add(await startV2ray({ log: { loglevel: 'warning' }, ...config }));
  return started.add(await startProgram({ ...config, inbounds: [] }));
}

/** Sends back what it is sent. */
const echo = (): Promise<Server> => serve((socket) => void socket.pipe(socket));

/** One exchange through a door; undefined if the connection ends without it. */
async function exchange(port: number, text: string): Promise<string | undefined> {
  const { socket, closed } = await dial(port);
  socket.write(text);
  const chunk = once(socket, 'data').then(([bytes]) => String(bytes as Buffer));
  chunk.catch(() => undefined);
  const ended = once(socket, 'end').catch(() => undefined);
  const got = await Promise.race([
    chunk.catch(() => undefined),
    ended.then(() => undefined),
    closed.then(() => undefined),
  ]);
  socket.destroy();
  return got;
}

const carried = (port: number): Promise<void> =>
  expect.poll(() => exchange(port, 'hello'), { timeout: 50_000, interval: 250 }).toBe('hello');

const pairs = [
  ['ours', 'ours', 'socks'],
  ['ours', 'v2ray', 'socks'],
  ['v2ray', 'ours', 'socks'],
  // V2Ray's HTTP outbound waits for a first byte that a bridge never sends, so that it cannot be the bridge here.
  ['v2ray', 'ours', 'http'],
] as const;

describePeers('reverse', ['v2ray'], () => {
  it.each(pairs)(
    'portal %s, bridge %s, by %s: 10 MiB each way, and 50 connections at a time',
    async (portal, bridge, carrier) => {
      const [target, echoes] = [started.add(await transferTarget()), started.add(await echo())];
      const outer = await startPortal(portal, carrier, [door('transfer', target.port), door('echo', echoes.port)]);
      const [forBridges = 0, transfer = 0, echoDoor = 0] = outer.ports;
      await startBridge(bridge, carrier, forBridges);
      await carried(echoDoor);

      const { socket, closed } = await dial(transfer);
      // V2Ray's portal takes a client's end for the end of all.
      await expectTransfer(socket, target, portal === 'ours');
      if (portal === 'ours') expect(await closed).toBeUndefined();

      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const body = randomBytes(200_000);
          const client = await dial(echoDoor);
          client.socket.write(body);
          const got: Buffer[] = [];
          let length = 0;
          for await (const chunk of client.socket) {
            got.push(chunk as Buffer);
            length += (chunk as Buffer).length;
            if (length >= body.length) break;
          }
          expect(sha256(Buffer.concat(got))).toBe(sha256(body));
          client.socket.destroy();
        }),
      );
    },
  );

  it.each(pairs.slice(0, 3))('portal %s, bridge %s: datagrams to several targets', async (portal, bridge, carrier) => {
    const echoes = [started.add(await udpEcho()), started.add(await udpEcho()), started.add(await udpEcho())];
    const tcp = started.add(await echo());
    const outer = await startPortal(portal, carrier, [
      door('echo', tcp.port),
      {
        ...door('udp', echoes[0]?.port ?? 0),
        settings: { address: '127.0.0.1', port: echoes[0]?.port, network: 'tcp,udp' },
      },
      { tag: 'socks', protocol: 'socks', settings: { udp: true, ip: '127.0.0.1' } },
    ]);
    const [forBridges = 0, echoDoor = 0, udpDoor = 0, socksPort = 0] = outer.ports;
    await startBridge(bridge, carrier, forBridges);
    await carried(echoDoor);
    const byDoor = started.add(await UdpClient.open(udpDoor));
    await expectEchoes(byDoor, [{ port: udpDoor }], [1, 100, 1400], 20);
    const bySocks = started.add(await SocksUdpClient.open(socksPort));
    await expectEchoes(bySocks, echoes, [1, 100, 1400, 1900], 20);
  });

  it.each(pairs.slice(0, 3))(
    'portal %s, bridge %s: connections for 5 s, more than one of theirs carries',
    async (portal, bridge, carrier) => {
      const echoes = started.add(await echo());
      const outer = await startPortal(portal, carrier, [door('echo', echoes.port)]);
      const [forBridges = 0, echoDoor = 0] = outer.ports;
      await startBridge(bridge, carrier, forBridges);
      await carried(echoDoor);
      // One that outlives the connection below being left alone.
      const { socket: staying } = await dial(echoDoor);
      const say = async (text: string): Promise<void> => {
        staying.write(text);
        expect(String(((await once(staying, 'data')) as [Buffer])[0])).toBe(text);
      };
      await say('before');
      // The portal says every 2 s which of the bridge's connections are to be left alone.
      for (let round = 0, end = Date.now() + 5000; Date.now() < end || round < 30; round += 1)
        expect(await Promise.all(Array.from({ length: 20 }, (_, i) => exchange(echoDoor, `${round}.${i}`)))).toEqual(
          Array.from({ length: 20 }, (_, i) => `${round}.${i}`),
        );
      await say('after');
      staying.destroy();
    },
  );

  it.each(pairs.slice(0, 3))(
    'portal %s, bridge %s: either one is killed and comes back',
    async (portal, bridge, carrier) => {
      const echoes = started.add(await echo());
      const outer = await startPortal(portal, carrier, [door('echo', echoes.port)]);
      const [forBridges = 0, echoDoor = 0] = outer.ports;
      const inner = await startBridge(bridge, carrier, forBridges);
      await carried(echoDoor);

      const cut = await dial(echoDoor);
      cut.socket.write('hello');
      await once(cut.socket, 'data');
      // V2Ray's portal goes on giving streams to a connection that is gone, until it looks: every 30 s.
      process.kill(inner.pid, 'SIGKILL');
      cut.socket.resume().on('end', () => cut.socket.end());
      // Where V2Ray ends it in order, it passes for complete.
      const reason = await cut.closed;
      if (portal === 'ours') expect(reason).toMatchObject({ code: 'ECONNRESET' });
      await startBridge(bridge, carrier, forBridges);
      await carried(echoDoor);

      process.kill(outer.pid, 'SIGKILL');
      await outer.exited;
      const again = await startPortal(portal, carrier, [door('echo', echoes.port)], forBridges);
      await carried(again.ports[1] ?? 0);
    },
  );
});
