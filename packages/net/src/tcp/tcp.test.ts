import { getEventListeners, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DataPlane,
  destination,
  dial,
  interleave,
  listen,
  SluiceError,
  TimerWheel,
  type Conn,
  type Resolver,
} from '../index.js';
import { ConnServer, dialLoopback, PeerServer, settled } from '../loopback.fixture.js';
import { happyEyeballs } from './happy-eyeballs.js';

const names = (addresses: string[]): Resolver => ({ resolve: () => Promise.resolve(addresses) });

async function closedPort(): Promise<number> {
  const server = await PeerServer.start();
  const { port } = server;
  server.server.close();
  await once(server.server, 'close');
  return port;
}

describe('listen', () => {
  it('says which address is in use', async () => {
    const plane = new DataPlane();
    const first = await ConnServer.start(plane);
    const second = listen(plane, {
      host: '127.0.0.1',
      port: first.port,
      onConn: (conn) => conn.destroy(),
      onAcceptError: () => undefined,
    });
    await expect(second).rejects.toMatchObject({
      code: 'E_LISTEN_IN_USE',
      message: `127.0.0.1:${first.port} is already in use`,
    });
    await first.listener.close();
  });

  it.each(['path', 'abstract'])('listens on a Unix socket: %s', async (kind) => {
    const plane = new DataPlane();
    const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
    const host = kind === 'path' ? join(folder, 's') : `@sluice-test-${process.pid}`;
    const server = await ConnServer.start(plane, host);
    const conn = await dial(plane, destination('tcp', host, 0), { resolver: names([]), timeoutMs: 1000 });
    const accepted = await server.nextConn();
    conn.destroy();
    accepted.reset();
    await server.listener.close();
    await settled(plane);
    await rm(folder, { recursive: true });
  });

  it('takes both families on 0.0.0.0, and calls IPv4 peers by their IPv4 address', async () => {
    const plane = new DataPlane();
    const server = await ConnServer.start(plane, '0.0.0.0');
    for (const address of ['127.0.0.1', '::1']) {
      const peer = net.connect(server.port, address);
      const conn = await server.nextConn();
      expect(conn.remote.address).toBe(address);
      expect(conn.local.address).toBe(address);
      conn.destroy();
      peer.destroy();
    }
    await server.listener.close();
    await settled(plane);
  });

  it('knows both ends of a conn', async () => {
    const plane = new DataPlane();
    const server = await ConnServer.start(plane);
    const peer = net.connect(server.port, '127.0.0.1');
    const conn = await server.nextConn();
    expect(conn.remote).toEqual({ address: '127.0.0.1', port: peer.localPort });
    expect(conn.local).toEqual({ address: '127.0.0.1', port: server.port });
    conn.destroy();
    peer.destroy();
    await server.listener.close();
    await settled(plane);
  });
});

describe('dial', () => {
  it('names the reason of a refusal', async () => {
    const plane = new DataPlane();
    await expect(dialLoopback(plane, await closedPort())).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    const nowhere = dial(plane, destination('tcp', '/nonexistent/socket', 0), { resolver: names([]), timeoutMs: 1000 });
    await expect(nowhere).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    await settled(plane);
  });

  it('bounds the look-up too, and can be aborted', async () => {
    const plane = new DataPlane();
    const never: Resolver = { resolve: () => new Promise(() => undefined) };
    const to = destination('tcp', 'example.org', 80);
    await expect(dial(plane, to, { resolver: never, timeoutMs: 150 })).rejects.toMatchObject({
      code: 'E_DIAL_TIMEOUT',
    });
    const abort = new AbortController();
    const aborted = dial(plane, to, { resolver: never, timeoutMs: 5000, signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'E_CLOSING' });
    await settled(plane);
  });

  it('says why it was given up, and leaves no listener on the signal', async () => {
    const plane = new DataPlane();
    const never: Resolver = { resolve: () => new Promise(() => undefined) };
    const to = destination('tcp', 'example.org', 80);
    const abort = new AbortController();
    const options = { resolver: never, timeoutMs: 5000, signal: abort.signal };
    const aborted = dial(plane, to, options);
    abort.abort(new SluiceError('E_DIAL_TIMEOUT', 'the handshake took too long'));
    await expect(aborted).rejects.toMatchObject({ code: 'E_DIAL_TIMEOUT' });
    await expect(dial(plane, to, options)).rejects.toMatchObject({ code: 'E_DIAL_TIMEOUT' });
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    await settled(plane);
  });

  it('knows a name without addresses', async () => {
    const plane = new DataPlane();
    const to = destination('tcp', 'empty.test', 80);
    await expect(dial(plane, to, { resolver: names([]), timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'E_DNS_NOT_FOUND',
    });
    await settled(plane);
  });

  it.each(['one address', 'several'])('keeps no conn that was given up in the moment it opened: %s', async (kind) => {
    const plane = new DataPlane();
    const server = await PeerServer.start();
    const resolver = names(kind === 'several' ? ['127.0.0.1', '127.0.0.2'] : ['127.0.0.1']);
    // The signal aborts at every step of the way from the socket's event to the caller.
    for (let steps = 0; steps < 12; steps += 1) {
      const abort = new AbortController();
      const opened = server.nextSocket();
      const dialled = dial(plane, destination('tcp', 'a.test', server.port), {
        resolver,
        timeoutMs: 5000,
        signal: abort.signal,
      });
      const outcome = dialled.then(
        (conn) => conn.destroy(),
        (error: unknown) => expect(error).toMatchObject({ code: 'E_CLOSING' }),
      );
      await opened;
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      abort.abort();
      await outcome;
    }
    server.close();
    await settled(plane);
  });

  it('goes on to the next address when one refuses', async () => {
    const plane = new DataPlane();
    const server = await PeerServer.start();
    const resolver = names(['::1', '127.0.0.1']);
    const conn = await dial(plane, destination('tcp', 'both.test', server.port), { resolver, timeoutMs: 5000 });
    expect(conn.remote.address).toBe('127.0.0.1');
    conn.destroy();
    server.close();
    await settled(plane);
  });

  it('binds to the address to send through', async () => {
    const plane = new DataPlane();
    const server = await PeerServer.start();
    const to = destination('tcp', '127.0.0.1', server.port);
    const conn = await dial(plane, to, { resolver: names([]), timeoutMs: 5000, localAddress: '127.0.0.9' });
    expect((await server.nextSocket()).remoteAddress).toBe('127.0.0.9');
    conn.destroy();
    server.close();
    await settled(plane);
  });
});

describe('happyEyeballs', () => {
  it("alternates families, the first address's leading", () => {
    expect(interleave(['::1', '::2', '1.1.1.1', '1.1.1.2', '1.1.1.3'])).toEqual([
      '::1',
      '1.1.1.1',
      '::2',
      '1.1.1.2',
      '1.1.1.3',
    ]);
    expect(interleave(['1.1.1.1', '::1'])).toEqual(['1.1.1.1', '::1']);
    expect(interleave([])).toEqual([]);
  });

  it('starts the next attempt while the first is silent, and abandons the loser', async () => {
    const timers = new TimerWheel();
    const abandoned: string[] = [];
    const winner = {} as Conn;
    const attempt = happyEyeballs(timers, ['1.1.1.1', '1.1.1.2'], (address) => ({
      conn: address === '1.1.1.2' ? Promise.resolve(winner) : new Promise<Conn>(() => undefined),
      abandon: () => abandoned.push(address),
    }));
    expect(await attempt.conn).toBe(winner);
    expect(abandoned).toEqual(['1.1.1.1']);
    expect(timers.size).toBe(0);
  });

  it('fails with the first reason when all fail', async () => {
    const timers = new TimerWheel();
    const attempt = happyEyeballs(timers, ['1.1.1.1', '1.1.1.2'], (address) => ({
      conn: Promise.reject(new SluiceError('E_DIAL_FAILED', address)),
      abandon: () => undefined,
    }));
    await expect(attempt.conn).rejects.toMatchObject({ message: '1.1.1.1' });
    expect(timers.size).toBe(0);
  });
});
