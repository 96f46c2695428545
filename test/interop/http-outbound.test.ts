import { afterEach, expect, it } from 'vitest';
import { destination, LinkDuplex } from '@sluice/plugin-api';
import { httpInbound, httpOutbound } from '@sluice/plugin-http';
import { hostInbound, hostOutbound, type OutboundHost } from '@sluice/testing';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { startTinyproxy } from '../peers/tinyproxy.js';
import { startV2ray } from '../peers/v2ray.js';
import { expectAtRest, expectTransfer, transferTarget } from './socks-transfer.js';

const ann = { user: 'ann', pass: 'p-w1' };
const closing: (() => Promise<void>)[] = [];
const later = <T extends { close(): Promise<void> }>(closable: T): T => {
  closing.push(() => closable.close());
  return closable;
};

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const outboundTo = async (port: number, users?: readonly object[]): Promise<OutboundHost> =>
  later(
    await hostOutbound(httpOutbound, {
      servers: [{ address: '127.0.0.1', port, ...(users === undefined ? {} : { users }) }],
    }),
  );

const startV2rayServer = async (accounts: readonly object[]): Promise<{ port: number }> =>
  later(
    await startV2ray({
      log: { loglevel: 'warning' },
      inbounds: [{ protocol: 'http', settings: { accounts } }],
      outbounds: [{ protocol: 'freedom' }],
    }),
  );

describePeers('V2Ray as the server of the HTTP outbound', ['v2ray'], () => {
  it.each([
    ['without a password', undefined],
    ['with a password', [ann]],
  ])('carries 10 MiB both ways %s', async (_name, users) => {
    const target = later(await transferTarget());
    const outbound = await outboundTo((await startV2rayServer(users ?? [])).port, users);
    for (const name of ['127.0.0.1', 'localhost']) {
      await expectTransfer(new LinkDuplex(await outbound.connect(destination('tcp', name, target.port))), target, true);
    }
    await expectAtRest(outbound.plane);
  });

  it('refuses a wrong password', async () => {
    const { port } = await startV2rayServer([ann]);
    for (const users of [undefined, [{ ...ann, pass: 'wrong' }]]) {
      const outbound = await outboundTo(port, users);
      await expect(outbound.connect(destination('tcp', '127.0.0.1', 9))).rejects.toMatchObject({ code: 'E_AUTH' });
      await expectAtRest(outbound.plane);
    }
  });
});

describePeers('tinyproxy as the server of the HTTP outbound', ['tinyproxy'], () => {
  it.each([
    ['without a password', undefined],
    ['with a password', ann],
  ])('carries 10 MiB both ways %s, and says why it refuses', async (_name, user) => {
    const target = later(await transferTarget());
    const tinyproxy = later(await startTinyproxy(user));
    const outbound = await outboundTo(tinyproxy.port, user === undefined ? undefined : [user]);
    // It takes the end of one direction for the end of both.
    const link = await outbound.connect(destination('tcp', 'localhost', target.port));
    await expectTransfer(new LinkDuplex(link), target, false);
    const closed = destination('tcp', '127.0.0.1', await freePort());
    await expect(outbound.connect(closed)).rejects.toMatchObject({
      code: 'E_UPSTREAM_REJECTED',
      details: { status: 500 },
    });
    await expectAtRest(outbound.plane);
  });

  it('refuses who does not log in', async () => {
    const outbound = await outboundTo(later(await startTinyproxy(ann)).port);
    await expect(outbound.connect(destination('tcp', '127.0.0.1', 9))).rejects.toMatchObject({ code: 'E_AUTH' });
  });
});

describePeers('curl through the HTTP inbound and outbound in a row', ['curl', 'tinyproxy'], () => {
  it('is told that the second proxy refuses', async () => {
    const outbound = await outboundTo(later(await startTinyproxy(ann)).port);
    const host = later(await hostInbound(httpInbound, {}, { connect: (_session, to) => outbound.connect(to) }));
    const result = await curl([
      '--proxy',
      `http://127.0.0.1:${host.port}`,
      '-w',
      '%{http_code}',
      'http://127.0.0.1:9/',
    ]);
    // Not 407: the credentials are not the client's to give.
    expect(result.stdout).toBe('502');
  });
});
