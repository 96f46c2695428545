import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { socksInbound } from '@sluice/plugin-socks';
import { hostInbound } from '@sluice/testing';
import { describePeers } from '../peers/describe-peers.js';
import { startV2ray } from '../peers/v2ray.js';
import { expectAtRest, expectTransfer, transferTarget, udpEcho } from './socks-transfer.js';

const settingsOf = {
  'without a password': { inbound: { udp: true }, users: undefined },
  'with a password': {
    inbound: { udp: true, auth: 'password', accounts: [{ user: 'ann', pass: 'p:w@1' }] },
    users: [{ user: 'ann', pass: 'p:w@1' }],
  },
} as const;

describePeers('V2Ray as the client of the SOCKS inbound', ['v2ray'], () => {
  const closing: (() => Promise<void>)[] = [];
  const later = <T extends { close(): Promise<void> }>(closable: T): T => {
    closing.push(() => closable.close());
    return closable;
  };

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it.each(Object.entries(settingsOf))('carries TCP and UDP %s', async (_name, { inbound, users }) => {
    const target = later(await transferTarget());
    const echo = later(await udpEcho());
    const host = await hostInbound(socksInbound, inbound);
    const v2ray = await startV2ray({
      log: { loglevel: 'warning' },
      inbounds: [
        { protocol: 'dokodemo-door', settings: { network: 'tcp', address: '127.0.0.1', port: target.port } },
        // By name: V2Ray announces the target's address as its own, which a user with a password is held to.
        {
          protocol: 'dokodemo-door',
          settings: { network: 'udp', address: users === undefined ? '127.0.0.1' : 'localhost', port: echo.port },
        },
      ],
      outbounds: [
        {
          protocol: 'socks',
          settings: { servers: [{ address: '127.0.0.1', port: host.port, ...(users === undefined ? {} : { users }) }] },
        },
      ],
    });
    try {
      await expectTransfer(
        net.connect({ port: v2ray.ports[0] ?? 0, host: '127.0.0.1', allowHalfOpen: true }),
        target,
        true,
      );
      // V2Ray's test connections at its start may have come first.
      for (;;) {
        const { session, result } = await host.nextEnd();
        if (result?.uplink !== 10 * 1024 * 1024) continue;
        expect(session.user?.email).toBe(users?.[0].user);
        break;
      }
      const client = dgram.createSocket('udp4');
      for (const size of [1, 500, 1400]) {
        const payload = randomBytes(size);
        client.send(payload, v2ray.ports[1] ?? 0, '127.0.0.1');
        const [back] = (await once(client, 'message')) as [Buffer];
        expect(back.equals(payload)).toBe(true);
      }
      client.close();
    } finally {
      await v2ray.close();
      await host.close();
    }
    await expectAtRest(host.plane);
  });
});
