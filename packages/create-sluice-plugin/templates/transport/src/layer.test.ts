import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { destination } from '@sluice/plugin-api';
import { hostInbound, hostOutbound, layered } from '@sluice/testing';
import { expect, it } from 'vitest';
import { layer } from './index.js';

const settings = { key: 'a long key' };
const pair = layered(layer, { inbound: settings, outbound: settings });

it('lets nothing through as it is', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as net.AddressInfo;
  const client = await hostOutbound(pair.outbound, pair.outboundSettings({ address, port }));
  const accepted = once(server, 'connection');
  const link = await client.connect(destination('tcp', address, port));
  link.write(Buffer.from('hello'));
  link.end();
  const [socket] = (await accepted) as [net.Socket];
  let seen = '';
  for await (const chunk of socket) seen += String(chunk);
  expect(seen).toMatch(/^__name__\n/);
  expect(seen).not.toContain('hello');
  await client.close();
  server.close();
});

it('refuses who does not greet', async () => {
  const target = { address: '127.0.0.1', port: 9 };
  const server = await hostInbound(pair.inbound, pair.inboundSettings({ target, next: target }));
  const socket = net.connect({ port: server.port, host: '127.0.0.1' });
  socket.end('GET / HTTP/1.1\r\n\r\n');
  expect((await server.nextEnd()).error).toMatchObject({ code: 'E_PROTOCOL' });
  await once(socket.resume(), 'close');
  await server.close();
});
