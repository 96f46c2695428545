import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { destination, LinkDuplex, type Endpoint } from '@sluice/plugin-api';
import { socksOutbound } from '@sluice/plugin-socks';
import { hostOutbound } from '@sluice/testing';
import { describePeers } from '../peers/describe-peers.js';
import { freePort, startProcess } from '../peers/process.js';
import { startV2ray } from '../peers/v2ray.js';
import { expectAtRest, expectTransfer, transferTarget, udpEcho } from './socks-transfer.js';

const closing: (() => Promise<void>)[] = [];
const later = <T extends { close(): Promise<void> }>(closable: T): T => {
  closing.push(() => closable.close());
  return closable;
};

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const outboundTo = (port: number, users?: readonly object[]): ReturnType<typeof hostOutbound> =>
  hostOutbound(socksOutbound, { servers: [{ address: '127.0.0.1', port, ...(users === undefined ? {} : { users }) }] });

async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describePeers('V2Ray as the server of the SOCKS outbound', ['v2ray'], () => {
  it.each([
    ['without a password', { udp: true }, undefined],
    [
      'with a password',
      { udp: true, auth: 'password', accounts: [{ user: 'ann', pass: 'p:w@1' }] },
      [{ user: 'ann', pass: 'p:w@1' }],
    ],
  ])('carries TCP and UDP %s', async (_name, settings, users) => {
    const target = later(await transferTarget());
    const echo = later(await udpEcho());
    const v2ray = later(
      await startV2ray({
        log: { loglevel: 'warning' },
        inbounds: [{ protocol: 'socks', settings }],
        outbounds: [{ protocol: 'freedom', settings: {} }],
      }),
    );
    const outbound = await outboundTo(v2ray.port, users);
    for (const name of ['127.0.0.1', 'localhost']) {
      await expectTransfer(new LinkDuplex(await outbound.connect(destination('tcp', name, target.port))), target, true);
      const conn = await outbound.openPackets(destination('udp', name, echo.port));
      for (const size of [1, 500, 1400]) {
        const payload = randomBytes(size);
        const arrived = new Promise<{ payload: Buffer; from: Endpoint }>((resolve) =>
          conn.attach({ onPacket: (bytes, from) => resolve({ payload: bytes, from }), onClose: () => undefined }),
        );
        conn.send(payload, destination('udp', name, echo.port));
        expect(await arrived).toMatchObject({ payload, from: { port: echo.port } });
      }
      conn.close();
    }
    await outbound.close();
    await expectAtRest(outbound.plane);
  });

  it('refuses a wrong password', async () => {
    const settings = { auth: 'password', accounts: [{ user: 'ann', pass: 'right' }] };
    const v2ray = later(
      await startV2ray({
        inbounds: [{ protocol: 'socks', settings }],
        outbounds: [{ protocol: 'freedom', settings: {} }],
      }),
    );
    for (const users of [undefined, [{ user: 'ann', pass: 'wrong' }]]) {
      const outbound = await outboundTo(v2ray.port, users);
      await expect(outbound.connect(destination('tcp', '127.0.0.1', 9))).rejects.toMatchObject({
        code: 'E_UPSTREAM_REJECTED',
      });
      await expectAtRest(outbound.plane);
    }
  });
});

describePeers('microsocks as the server of the SOCKS outbound', ['microsocks'], () => {
  it.each([
    ['without a password', [], undefined],
    ['with a password', ['-u', 'ann', '-P', 'p:w@1'], [{ user: 'ann', pass: 'p:w@1' }]],
  ])('carries TCP %s and says why it refuses', async (_name, args, users) => {
    const target = later(await transferTarget());
    const port = await freePort();
    later(
      await startProcess('microsocks', ['-i', '127.0.0.1', '-p', String(port), ...args], {
        ready: [{ host: '127.0.0.1', port }],
      }),
    );
    const outbound = await outboundTo(port, users);
    for (const name of ['127.0.0.1', 'localhost']) {
      // It takes the end of one direction for the end of both.
      await expectTransfer(
        new LinkDuplex(await outbound.connect(destination('tcp', name, target.port))),
        target,
        false,
      );
    }
    const closed = destination('tcp', '127.0.0.1', await unusedPort());
    await expect(outbound.connect(closed)).rejects.toMatchObject({
      code: 'E_UPSTREAM_REJECTED',
      details: { reply: 5 },
    });
    // It relays no UDP, and says so.
    await expect(outbound.openPackets(destination('udp', '127.0.0.1', 53))).rejects.toMatchObject({
      code: 'E_UPSTREAM_REJECTED',
      details: { reply: 7 },
    });
    await outbound.close();
    await expectAtRest(outbound.plane);
  });
});
