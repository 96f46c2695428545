import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { startV2ray, type V2ray } from '../peers/v2ray.js';
import { dial, door, serve, server, Started, startProgram, type Program, type Server } from './program.fixture.js';

const started = new Started();
afterEach(() => started.close());

/** What a connection to the door is answered with, "" if it is cut off. */
async function ask(port: number): Promise<string> {
  const { socket, closed } = await dial(port);
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  socket.end('x');
  await closed;
  return said;
}

/** Which outbound the program takes for a new connection, by its log. */
async function chosen(program: Program): Promise<string> {
  const { socket, clientPort, closed } = await dial(program.port('door'));
  socket.resume().end('x');
  await closed;
  return /\[door -> (\S+)\]/.exec(await program.lineOf(clientPort))?.[1] ?? '';
}

/** Says its name to whoever connects. */
const serveName = async (name: string): Promise<Server> =>
  started.add(await serve((socket) => void socket.resume().end(name)));

/** What an observatory asks. */
async function serveProbes(): Promise<Server> {
  const probes = http.createServer((_, response) => response.writeHead(204).end());
  probes.listen(0, '127.0.0.1');
  await once(probes, 'listening');
  return started.add({
    port: (probes.address() as AddressInfo).port,
    close: async () => {
      probes.close().closeAllConnections();
      await once(probes, 'close');
    },
  });
}

const startPeer = async (port: number): Promise<V2ray> =>
  started.add(await startV2ray({ inbounds: [{ protocol: 'socks', port }], outbounds: [{ protocol: 'freedom' }] }));

const subjectSelector = ['proxy-'];
const interval = '500ms';
const plain = (probeURL: string): object => ({ observatory: { subjectSelector, probeURL, probeInterval: interval } });
const burst = (destination: string): object => ({
  burstObservatory: { subjectSelector, pingConfig: { destination, interval, sampling: 3, connectivity: destination } },
});

describePeers('a balancer of outbounds to V2Rays', ['v2ray'], () => {
  it.each([
    ['random', 'random', plain],
    ['roundRobin', 'roundRobin', plain],
    ['leastPing', 'leastPing', plain],
    ['leastLoad', { type: 'leastLoad', settings: { expected: 2 } }, plain],
    ['leastLoad by bursts', { type: 'leastLoad', settings: { expected: 2 } }, burst],
  ] as const)(
    'leaves the dead alone, falls back when all are, and comes back: %s',
    async (_name, strategy, observing) => {
      const ports = [await freePort(), await freePort(), await freePort()];
      const peers = new Map<string, V2ray>();
      for (const [index, port] of ports.entries()) peers.set(`proxy-${index}`, await startPeer(port));
      const target = await serveName('target');
      const probes = await serveProbes();
      const program = started.add(
        await startProgram({
          inbounds: [door('door', target.port)],
          outbounds: [
            { tag: 'direct', protocol: 'freedom' },
            ...ports.map((port, index) => ({ tag: `proxy-${index}`, protocol: 'socks', settings: server(port) })),
          ],
          ...observing(`http://127.0.0.1:${probes.port}/`),
          routing: {
            balancers: [{ tag: 'b', selector: ['proxy-'], strategy, fallbackTag: 'direct' }],
            rules: [{ type: 'field', inboundTag: 'door', balancerTag: 'b' }],
          },
        }),
      );
      await expect.poll(() => chosen(program), { timeout: 10_000 }).toMatch(/^proxy-/);

      // One after the other is killed, each time the one that is in use.
      for (let alive = 3; alive > 0; alive -= 1) {
        const victim = await chosen(program);
        expect([...peers.keys()]).toContain(victim);
        const peer = peers.get(victim) as V2ray;
        peers.delete(victim);
        process.kill(peer.pid, 'SIGKILL');
        await peer.exited;
        await expect.poll(() => program.output(), { timeout: 10_000 }).toContain(`"${victim}" is dead`);
        const next = new Set(await Promise.all(Array.from({ length: 12 }, () => chosen(program))));
        if (peers.size === 0) expect([...next]).toEqual(['direct']);
        else expect([...peers.keys()]).toEqual(expect.arrayContaining([...next]));
      }
      expect(await ask(program.port('door'))).toBe('target');

      await startPeer(ports[1] as number);
      await expect.poll(() => chosen(program), { timeout: 10_000 }).toBe('proxy-1');
      expect(await ask(program.port('door'))).toBe('target');
    },
  );

  it('refuses connections when all are dead and there is no fallback', async () => {
    const target = await serveName('target');
    const program = started.add(
      await startProgram({
        inbounds: [door('door', target.port)],
        outbounds: [
          { tag: 'direct', protocol: 'freedom' },
          { tag: 'proxy-1', protocol: 'socks', settings: server(await freePort()) },
        ],
        ...plain(`http://127.0.0.1:${target.port}/`),
        routing: {
          balancers: [{ tag: 'b', selector: ['proxy-'], strategy: 'leastPing' }],
          rules: [{ type: 'field', inboundTag: 'door', balancerTag: 'b' }],
        },
      }),
    );
    await expect.poll(() => program.output()).toContain('"proxy-1" is dead');
    const { socket, clientPort, closed } = await dial(program.port('door'));
    socket.resume().end('x');
    await closed;
    expect(await program.lineOf(clientPort)).toMatch(/E_NO_OUTBOUND: the balancer "b" finds none of its outbounds fit/);
  });

  it('spreads connections as V2Ray does with the same configuration', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const servers = await Promise.all(names.map(serveName));
    const outbounds = [
      { tag: 'nowhere', protocol: 'blackhole' },
      ...servers.map(({ port }, index) => ({
        tag: `way-${names[index]}`,
        protocol: 'freedom',
        settings: { redirect: `127.0.0.1:${port}` },
      })),
    ];
    const routing = {
      balancers: [{ tag: 'ways', selector: ['way-'] }],
      rules: [{ type: 'field', inboundTag: ['door'], balancerTag: 'ways' }],
    };
    const shared = { outbounds, routing: routing as never };
    const theirs = started.add(await startV2ray({ inbounds: [door('door', 9)], ...shared }));
    const ours = started.add(await startProgram({ inbounds: [door('door', 9)], ...shared }));
    for (const port of [theirs.port, ours.port('door')]) {
      const counts = new Map<string, number>(names.map((name) => [name, 0]));
      for (let batch = 0; batch < 20; batch += 1) {
        for (const name of await Promise.all(Array.from({ length: 20 }, () => ask(port))))
          counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      expect([...counts.keys()]).toEqual(names);
      // 400 throws of a die with four sides: six standard deviations from a hundred each.
      for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(6 * Math.sqrt(400 * 0.25 * 0.75));
    }
  });

  it('takes one after the other with roundRobin', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map(serveName));
    const program = started.add(
      await startProgram({
        inbounds: [door('door', 9)],
        outbounds: servers.map(({ port }, index) => ({
          tag: `way-${index}`,
          protocol: 'freedom',
          settings: { redirect: `127.0.0.1:${port}` },
        })),
        routing: {
          balancers: [{ tag: 'ways', selector: ['way-'], strategy: { type: 'roundRobin' } }],
          rules: [{ type: 'field', inboundTag: ['door'], balancerTag: 'ways' }],
        },
      }),
    );
    const said: string[] = [];
    for (let count = 0; count < 9; count += 1) said.push(await ask(program.port('door')));
    expect(said.join('')).toMatch(/^(abc){3}$|^(bca){3}$|^(cab){3}$/);
  });
});
