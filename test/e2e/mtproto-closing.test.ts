import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type net from 'node:net';
import { connectMtproto, createClientHello } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, startInstance, startServer, type Running } from './runtime.fixture.js';

const key = '00112233445566778899aabbccddeeff';
const site = 'front.example';
const inTls = (secret: string): string => `ee${secret}${Buffer.from(site).toString('hex')}`;
/** So many that looking for one takes several turns. */
const users = [key, ...Array.from({ length: 5000 }, (_, i) => i.toString(16).padStart(32, '0'))];
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Accepts nobody and has no room for those who wait: who connects hears nothing. */
const DEAF = `
const server = require('node:net').createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
});`;
const ROOM = 2;

async function deafHost(): Promise<number> {
  const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  const port = Number(String((await once(child.stdout, 'data'))[0]));
  const fillers = Array.from({ length: ROOM }, () => connectTo(port));
  for (const filler of await Promise.all(fillers)) cleanups.push(() => filler.destroy());
  return port;
}

/** Says nothing. */
async function muteHost(): Promise<number> {
  const server = await startServer((socket) => void socket.resume());
  cleanups.push(() => server.close());
  return server.port;
}

function hello(secret: string): Buffer {
  return createClientHello({ serverName: site, key: Buffer.from(secret, 'hex') }).record;
}

async function come(port: number, first = Buffer.alloc(0)): Promise<net.Socket> {
  const socket = await connectTo(port);
  cleanups.push(() => socket.destroy());
  socket.resume().write(first);
  return socket;
}

/** Every turn of the event loop is looked at; the test's own limit bounds it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Brings a client to that point. What counts as reached: so many conns, besides the one that measures the fronted host. */
const phases: readonly [name: string, come: (port: number, running: Running) => Promise<unknown>, conns: number][] = [
  ['has sent nothing', (port) => come(port), 1],
  ['has sent nothing for a while', (port) => come(port), 2],
  ['has sent half a hello', (port) => come(port, hello(key).subarray(0, 300)), 2],
  ['is being searched for', (port) => come(port, hello('f'.repeat(32))), 1],
  ['is led on', (port) => come(port, Buffer.from('GET / HTTP/1.1\r\n')), 2],
  [
    'turns out to be a stranger after a while',
    async (port, running) => {
      const client = await come(port);
      await until(() => running.instance.dataPlane.conns >= 3);
      client.write('GET / HTTP/1.1\r\n');
    },
    2,
  ],
  ['is answered and says no more', async (port) => once(await come(port, hello(key)), 'data'), 1],
];

describe.each([
  ['says nothing', muteHost],
  ['does not even accept', deafHost],
])('closing while the fronted host %s', (_host, startHost) => {
  it.each(phases)('and a client %s leaves nothing', async (_phase, bring, conns) => {
    const settings = {
      users: users.map((secret) => ({ secret: inTls(secret) })),
      fronting: { host: `127.0.0.1:${await startHost()}` },
    };
    const running = await startInstance({
      inbounds: [{ tag: 'in', protocol: 'mtproto', settings }],
      outbounds: [{ tag: 'out', protocol: 'mtproto', settings: {} }],
    });
    await bring(running.port('in'), running);
    await until(() => running.instance.dataPlane.conns > conns);
    await running.instance.close({ drainMs: 100 });
    expect(running.instance.dataPlane).toEqual({
      conns: 0,
      timers: 0,
      sessions: 0,
      buffers: { borrowed: 0, idle: 0, discarded: expect.any(Number) as number },
    });
    expect(running.errors.lines.filter((line) => /\[(Error|Warning)\]/.test(line))).toEqual([]);
  });
});

it('closing while a data centre does not accept leaves nothing', async () => {
  const settings = { users: [{ secret: inTls(key) }], dataCenters: { 2: [`127.0.0.1:${await deafHost()}`] } };
  const running = await startInstance({
    inbounds: [{ tag: 'in', protocol: 'mtproto', settings }],
    outbounds: [{ tag: 'out', protocol: 'mtproto', settings: {} }],
  });
  const client = await connectMtproto({ host: '127.0.0.1', port: running.port('in'), secret: inTls(key) });
  cleanups.push(() => client.close());
  await until(() => running.instance.dataPlane.conns > 1);
  await running.instance.close({ drainMs: 100 });
  expect(running.instance.dataPlane).toMatchObject({ conns: 0, timers: 0, sessions: 0 });
});
