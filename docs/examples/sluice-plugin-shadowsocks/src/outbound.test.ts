import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { destination } from '@sluice/plugin-api';
import { hostInbound, hostOutbound, type InboundHost, type OutboundHost } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shadowsocksInbound, shadowsocksOutbound } from './index.js';
import { echoTcp, echoUdp, expectAtRest, type Echo } from './wire.fixture.js';

const common = { method: 'aes-256-gcm', password: 'hush-hush' };

let echo: Echo;
let server: InboundHost;
let client: OutboundHost;

beforeEach(async () => {
  echo = await echoTcp();
  server = await hostInbound(shadowsocksInbound, { ...common, network: 'tcp,udp' });
});

afterEach(async () => {
  await client.close();
  await server.close();
  await echo.close();
  await expectAtRest(client.plane);
  await expectAtRest(server.plane);
});

async function start(...ports: number[]): Promise<void> {
  const servers = ports.map((port) => ({ address: '127.0.0.1', port, ...common }));
  client = await hostOutbound(shadowsocksOutbound, { servers });
}

describe('a connection', () => {
  it('is led through, to an IP and to a name, and half-closes', async () => {
    await start(server.port);
    for (const name of ['127.0.0.1', 'localhost']) {
      const link = await client.connect(destination('tcp', name, echo.port));
      const payload = randomBytes(50_000);
      link.write(payload);
      link.end();
      expect((await link.reader.readExactly(payload.length)).equals(payload)).toBe(true);
      expect(await link.reader.readSomeOrEnd()).toHaveLength(0);
      link.destroy();
      expect((await server.nextEnd()).session.target).toMatchObject({ host: name });
    }
  });

  it('passes over a server that cannot be reached', async () => {
    const gone = net.createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as net.AddressInfo;
    gone.close();
    await once(gone, 'close');
    await start(port, server.port);
    const link = await client.connect(destination('tcp', '127.0.0.1', echo.port));
    link.write(Buffer.from('hello'));
    expect(String(await link.reader.readExactly(5))).toBe('hello');
    link.destroy();
  });

  it('ends with a reason where the answer is none of the server', async () => {
    const junk = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(randomBytes(200));
    });
    junk.listen(0, '127.0.0.1');
    await once(junk, 'listening');
    await start((junk.address() as net.AddressInfo).port);
    const link = await client.connect(destination('tcp', '127.0.0.1', echo.port));
    await expect(link.reader.readExactly(1)).rejects.toMatchObject({ code: 'E_PROTOCOL' });
    link.destroy();
    junk.close();
  });

  it('takes nothing of its own for an answer', async () => {
    await start(echo.port);
    const link = await client.connect(destination('tcp', '127.0.0.1', echo.port));
    await expect(link.reader.readExactly(1)).rejects.toMatchObject({ code: 'E_PROTOCOL' });
    link.destroy();
  });

  it('to a Unix socket is refused before anything is dialled', async () => {
    await start(1);
    const to = destination('tcp', '/run/x.sock', 0);
    await expect(client.connect(to)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });
});

describe('packets', () => {
  it('are led through, each with the address of who sent it', async () => {
    await start(server.port);
    const echoes = [await echoUdp(), await echoUdp()];
    const path = await client.openPackets(destination('udp', '127.0.0.1', 1));
    const arrived: string[] = [];
    const both = new Promise<void>((resolve) =>
      path.attach({
        onPacket: (payload, from) => {
          arrived.push(`${String(payload)} ${from.address} ${from.port}`);
          if (arrived.length === 2) resolve();
        },
        onClose: () => undefined,
      }),
    );
    path.send(Buffer.from('lost'), destination('udp', '/run/x.sock', 0));
    for (const { port } of echoes) path.send(Buffer.from('ping'), destination('udp', '127.0.0.1', port));
    await both;
    expect(arrived.sort()).toEqual(echoes.map(({ port }) => `ping 127.0.0.1 ${port}`).sort());
    path.close();
    for (const each of echoes) await each.close();
  });
});
