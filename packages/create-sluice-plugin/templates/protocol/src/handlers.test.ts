import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { destination } from '@sluice/plugin-api';
import { hostInbound, hostOutbound, type InboundHost, type OutboundHost } from '@sluice/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inbound, outbound } from './index.js';

let echo: net.Server;
let server: InboundHost;
let client: OutboundHost;

async function start(password: string): Promise<void> {
  server = await hostInbound(inbound, { password: 'a long password', email: 'ann' });
  client = await hostOutbound(outbound, { address: '127.0.0.1', port: server.port, password });
}

beforeEach(async () => {
  echo = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
});

afterEach(async () => {
  await client.close();
  await server.close();
  echo.close();
  // Nothing is left open, running or borrowed.
  for (const { plane } of [client, server])
    await expect.poll(() => plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
});

it('leads a client to its target, as the user', async () => {
  await start('a long password');
  const { port } = echo.address() as net.AddressInfo;
  const link = await client.connect(destination('tcp', '127.0.0.1', port));
  link.write(Buffer.from('hello'));
  expect(String(await link.reader.readExactly(5))).toBe('hello');
  link.end();
  expect(await link.reader.readSomeOrEnd()).toHaveLength(0);
  const { session, result } = await server.nextEnd();
  expect(session.user?.email).toBe('ann');
  expect(result).toMatchObject({ end: 'done', uplink: 5, downlink: 5 });
});

it('refuses a client with another password', async () => {
  await start('another password');
  const link = await client.connect(destination('tcp', '127.0.0.1', 1));
  expect((await server.nextEnd()).error).toMatchObject({ code: 'E_AUTH' });
  link.destroy();
});
