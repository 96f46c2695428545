import { once } from 'node:events';
import net from 'node:net';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  connectTo,
  echo,
  gone,
  holdsNothing,
  readBytes,
  readToEnd,
  socksConnect,
  startInstance,
  startServer,
  type Running,
} from './runtime.fixture.js';
import { startSluice } from '../peers/sluice.js';
import { freePort } from '../peers/process.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const tags = ['socks', 'http', 'mtproto', 'door'] as const;

/** Every TCP inbound, with a handshake limit short enough to wait for. */
async function startAll(handshake = 1): Promise<Running & { echoPort: number }> {
  const server = await startServer(echo);
  cleanups.push(() => server.close());
  const running = await startInstance({
    log: { loglevel: 'debug', access: '' },
    policy: { levels: { 0: { handshake, uplinkOnly: 1, downlinkOnly: 1 } } },
    inbounds: [
      { tag: 'socks', protocol: 'socks', settings: { auth: 'noauth', udp: true } },
      { tag: 'http', protocol: 'http' },
      {
        tag: 'mtproto',
        protocol: 'mtproto',
        settings: { users: [{ email: 'a@b', secret }], dataCenters: { '2': [`127.0.0.1:${server.port}`] } },
      },
      { tag: 'door', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: server.port, network: 'tcp' } },
    ],
    outbounds: [
      { tag: 'direct', protocol: 'freedom' },
      { tag: 'tg', protocol: 'mtproto' },
    ],
    routing: { rules: [{ type: 'field', inboundTag: ['mtproto'], outboundTag: 'tg' }] },
  });
  cleanups.push(() => running.close());
  return { ...running, echoPort: server.port };
}

async function stillWorks(running: Running & { echoPort: number }): Promise<void> {
  const client = await connectTo(running.port('socks'));
  expect(await socksConnect(client, running.echoPort)).toBe(0);
  client.write('still here');
  expect((await readBytes(client, 10)).toString()).toBe('still here');
  client.end();
  await readToEnd(client);
}

describe('bad input', () => {
  it.each(tags)('random bytes on %s end at their own connection', async (tag) => {
    const running = await startAll();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 4 }),
        async (chunks) => {
          const client = await connectTo(running.port(tag));
          for (const chunk of chunks) client.write(chunk);
          client.end();
          if (tag !== 'door') await gone(client);
          client.destroy();
        },
      ),
      { numRuns: 40 },
    );
    await stillWorks(running);
    await holdsNothing(running.instance);
  });

  it.each(tags.filter((tag) => tag !== 'door'))(
    "%s: silence, and one byte now and then, end with the handshake's time",
    async (tag) => {
      const running = await startAll();
      const silent = await connectTo(running.port(tag));
      const slow = await connectTo(running.port(tag));
      const drip = setInterval(() => slow.write(tag === 'http' ? 'G' : Buffer.from([5])), 150);
      slow.on('close', () => clearInterval(drip));
      await Promise.all([gone(silent), gone(slow)]);
      expect(await running.access.line(new RegExp(`rejected .*\\[${tag} -> -\\]`))).toMatch(/E_[A-Z_]+/);
      await stillWorks(running);
      await holdsNothing(running.instance);
    },
  );

  it.each(tags)('%s: resets in mid-handshake leave nothing behind', async (tag) => {
    const running = await startAll();
    for (let i = 0; i < 30; i += 1) {
      const client = await connectTo(running.port(tag));
      client.write(randomBytes(1 + (i % 64)));
      client.resetAndDestroy();
    }
    await stillWorks(running);
    await holdsNothing(running.instance);
  });

  it('a target that refuses is told to the client and to the log', async () => {
    const running = await startAll();
    const closed = await freePort();
    const client = await connectTo(running.port('socks'));
    expect(await socksConnect(client, closed)).toBe(5);
    await readToEnd(client);
    expect(await running.access.line(/rejected/)).toMatch(
      new RegExp(`rejected tcp:127.0.0.1:${closed} \\[socks -> direct\\] .*E_DIAL_REFUSED`),
    );
    client.destroy();
    const viaHttp = await connectTo(running.port('http'));
    viaHttp.write(`CONNECT 127.0.0.1:${closed} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect((await readToEnd(viaHttp)).toString()).toMatch(/^HTTP\/1\.1 502 /);
    viaHttp.destroy();
    await holdsNothing(running.instance);
  });

  it('a client cannot name a Unix socket of this machine', async () => {
    const path = `@sluice-private-${process.pid}`;
    let visitors = 0;
    const service = net.createServer(() => (visitors += 1)).listen(path.replace('@', '\0'));
    await once(service, 'listening');
    cleanups.push(async () => void service.close());
    const running = await startAll();
    for (const name of [path, '/run/private.sock']) {
      const client = await connectTo(running.port('socks'));
      expect(await socksConnect(client, 1, name)).not.toBe(0);
      client.destroy();
      const viaHttp = await connectTo(running.port('http'));
      viaHttp.write(`CONNECT ${name}:1 HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect((await readToEnd(viaHttp)).toString()).toMatch(/^HTTP\/1\.1 [45]/);
      viaHttp.destroy();
    }
    await holdsNothing(running.instance);
    expect(visitors).toBe(0);
  });

  it('no secret appears in any log line', async () => {
    const running = await startAll();
    const client = await connectTo(running.port('mtproto'));
    client.write(randomBytes(64));
    client.end();
    await gone(client);
    await running.access.line(/\[mtproto -> -\]/);
    const all = [...running.access.lines, ...running.errors.lines].join('\n');
    expect(all).not.toContain(secret);
    expect(all).toContain('E_');
  });

  it('running out of file descriptors turns connections away and nothing else', async () => {
    const server = await startServer(echo);
    cleanups.push(() => server.close());
    const port = await freePort();
    const peer = await startSluice(
      {
        log: { access: 'none', loglevel: 'info' },
        inbounds: [
          {
            tag: 'door',
            listen: '127.0.0.1',
            port,
            protocol: 'dokodemo-door',
            settings: { address: '127.0.0.1', port: server.port, network: 'tcp' },
          },
        ],
        outbounds: [{ protocol: 'freedom' }],
      },
      [port],
      { openFiles: 200 },
    );
    cleanups.push(() => peer.close());
    const sockets = Array.from({ length: 400 }, () => net.connect(port, '127.0.0.1'));
    const answered = sockets.map(
      (socket) =>
        new Promise<boolean>((resolve) => {
          socket.on('error', () => resolve(false));
          socket.on('close', () => resolve(false));
          socket.once('data', () => resolve(true));
          socket.write('x');
        }),
    );
    // Some got through; when they go, what waited is served or was turned away.
    expect(
      await Promise.any(
        answered.map((each) => each.then((ok) => (ok ? true : Promise.reject(new Error('turned away'))))),
      ),
    ).toBe(true);
    for (const socket of sockets) socket.destroy();
    for (;;) {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('again');
      const [first] = (await Promise.race([
        once(socket, 'data').catch(() => []),
        gone(socket).then(() => []),
      ])) as unknown[];
      socket.destroy();
      if (Buffer.isBuffer(first)) break;
    }
    await peer.close();
    expect(peer.output()).toMatch(/\[door\] \d+ connections turned away: no file descriptors are left/);
  });
});
