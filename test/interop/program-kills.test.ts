import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { startV2ray, type V2ray } from '../peers/v2ray.js';
import { dial, door, MIB, serve, server, sha256, Started, startProgram, type Program } from './program.fixture.js';

const started = new Started();
afterEach(() => started.close());

const startPeer = async (port: number): Promise<V2ray> =>
  started.add(await startV2ray({ inbounds: [{ protocol: 'socks', port }], outbounds: [{ protocol: 'freedom' }] }));

describePeers('a V2Ray that is killed behind the program', ['v2ray'], () => {
  it('cuts clients off, and is told of; a new one serves the next', async () => {
    const port = await freePort();
    const peer = await startPeer(port);
    // Sends and takes nothing: bytes are on their way everywhere.
    const target = started.add(await serve((socket) => socket.pause().write('welcome')));
    const program = started.add(
      await startProgram({
        inbounds: [door('door', target.port)],
        outbounds: [{ tag: 'out', protocol: 'socks', settings: server(port) }],
      }),
    );
    const { socket, clientPort, closed } = await dial(program.port('door'));
    socket.write(Buffer.alloc(64 * MIB));
    expect(String((await once(socket, 'data'))[0])).toBe('welcome');
    process.kill(peer.pid, 'SIGKILL');
    expect(await peer.exited).toBe('SIGKILL');
    expect((await closed)?.code).toMatch(/^(ECONNRESET|EPIPE)$/);
    expect(await program.lineOf(clientPort)).toMatch(
      /\[door -> out\] rule: - up: [1-9]\d* down: 7 time: \d+ms end: upstream-reset \(E_\w+: .+\)$/,
    );

    // While it is gone: refused, and said why.
    const refused = await dial(program.port('door'));
    refused.socket.resume().end();
    await refused.closed;
    expect(await program.lineOf(refused.clientPort)).toMatch(/rejected .* end: rejected \(E_DIAL_REFUSED: .+\)$/);

    await startPeer(port);
    const again = await dial(program.port('door'));
    again.socket.write('x');
    expect(String((await once(again.socket, 'data'))[0])).toBe('welcome');
    again.socket.destroy();
    await program.lineOf(again.clientPort);
  });

  it.each([
    ['by its length', `Content-Length: ${100 * MIB}`, ''],
    ['in chunks', 'Transfer-Encoding: chunked', '100000\r\n'],
  ])('does not pass for the end of a response %s', async (_name, framing, chunk) => {
    const port = await freePort();
    const peer = await startPeer(port);
    const target = started.add(
      await serve((socket) => {
        socket.once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${chunk}`);
          socket.write(randomBytes(MIB / 2));
        });
      }),
    );
    const program = started.add(
      await startProgram({
        inbounds: [{ tag: 'http', protocol: 'http' }],
        outbounds: [{ tag: 'out', protocol: 'socks', settings: server(port) }],
      }),
    );
    const { socket, clientPort, closed } = await dial(program.port('http'));
    socket.write(`GET http://127.0.0.1:${target.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n\r\n`);
    for (let got = 0; got < MIB / 2;) got += ((await once(socket, 'data')) as [Buffer])[0].length;
    process.kill(peer.pid, 'SIGKILL');
    expect((await closed)?.code).toBe('ECONNRESET');
    await expect
      .poll(() => program.linesOf(clientPort))
      .toContainEqual(expect.stringMatching(/\[http -> out\] .* end: (?!done)\S+ \(E_CONN_CLOSED: .+\)$/));
  });
});

describePeers('SIGTERM to the program', ['v2ray'], () => {
  it('lets a transfer end, takes no new ones, and ends with 0', async () => {
    const [first, rest] = [randomBytes(MIB), randomBytes(9 * MIB)];
    const { program, target } = await throughV2ray(first);
    const { socket, clientPort } = await dial(program.port('door'));
    socket.write('?');
    const origin = await target.next;
    const got: Buffer[] = [];
    for (let length = 0; length < first.length; length += got.at(-1)?.length ?? 0) {
      got.push(((await once(socket, 'data')) as [Buffer])[0]);
    }
    process.kill(program.pid, 'SIGTERM');
    await refusal(program.port('door'));
    origin.end(rest);
    for await (const chunk of socket) got.push(chunk as Buffer);
    socket.end();
    expect(sha256(Buffer.concat(got))).toBe(sha256(Buffer.concat([first, rest])));
    expect(await program.exited).toBe(0);
    expect(program.linesOf(clientPort)).toEqual([expect.stringMatching(/ up: 1 down: 10485760 .* end: done$/)]);
  });

  it('cuts off a transfer that does not end, says so, and ends with 0', async () => {
    const { program } = await throughV2ray(randomBytes(MIB));
    const { socket, clientPort, closed } = await dial(program.port('door'));
    socket.write('?');
    await once(socket, 'data');
    process.kill(program.pid, 'SIGTERM');
    // Three seconds for the drain; without a bound this would never come.
    expect(await program.exited).toBe(0);
    expect((await closed)?.code).toBe('ECONNRESET');
    expect(program.linesOf(clientPort)).toEqual([expect.stringMatching(/ end: closing \(E_CLOSING: .+\)$/)]);
  }, 15_000);
});

async function throughV2ray(first: Buffer): Promise<{ program: Program; target: { next: Promise<net.Socket> } }> {
  const peer = await startPeer(await freePort());
  let onSocket: (socket: net.Socket) => void = () => undefined;
  // The starter's test connection leads here too, and asks for nothing.
  const target = started.add(
    await serve((socket) =>
      socket.once('data', () => {
        socket.write(first);
        onSocket(socket);
      }),
    ),
  );
  const program = started.add(
    await startProgram({
      inbounds: [door('door', target.port)],
      outbounds: [{ tag: 'out', protocol: 'socks', settings: server(peer.port) }],
    }),
  );
  return { program, target: { next: new Promise((resolve) => (onSocket = resolve)) } };
}

/** Resolves once nobody takes connections there any more. */
async function refusal(port: number): Promise<void> {
  for (;;) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const taken = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (taken === false) return;
  }
}
