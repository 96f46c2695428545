import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { destination } from '@sluice/plugin-api';
import { hostInbound, hostOutbound, type InboundHost, type OutboundHost } from '@sluice/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inbound, outbound } from './index.js';

const key = 'a long key';
let echo: net.Server;
let server: InboundHost;
let client: OutboundHost;

beforeEach(async () => {
  echo = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as net.AddressInfo;
  server = await hostInbound(inbound, { key, address: '127.0.0.1', port });
  client = await hostOutbound(outbound, { key });
});

afterEach(async () => {
  await client.close();
  await server.close();
  echo.close();
  // Nothing is left open, running or borrowed.
  for (const { plane } of [client, server])
    await expect.poll(() => plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
});

it('brings back what it has carried', async () => {
  const link = await client.connect(destination('tcp', '127.0.0.1', server.port));
  link.write(Buffer.from('hello'));
  expect(String(await link.reader.readExactly(5))).toBe('hello');
  link.end();
  expect(await link.reader.readSomeOrEnd()).toHaveLength(0);
  expect((await server.nextEnd()).result).toMatchObject({ end: 'done', uplink: 5, downlink: 5 });
});

it('lets nothing through as it is', async () => {
  const seen = new Promise<Buffer>((resolve) => echo.once('connection', (socket) => socket.once('data', resolve)));
  const link = await client.connect(destination('tcp', '127.0.0.1', (echo.address() as net.AddressInfo).port));
  link.write(Buffer.from('hello'));
  expect((await seen).includes('hello')).toBe(false);
  link.end();
  expect(String(await link.reader.readExactly(5))).toBe('hello');
  expect(await link.reader.readSomeOrEnd()).toHaveLength(0);
});
