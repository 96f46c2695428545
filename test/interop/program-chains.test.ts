import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { connectMtproto, startFakeDc } from '@sluice/testing';
import { describePeers } from '../peers/describe-peers.js';
import { startV2ray } from '../peers/v2ray.js';
import { dial, door, MIB, server, Started, startProgram } from './program.fixture.js';
import { expectTransfer, transferTarget } from './socks-transfer.js';

const started = new Started();
afterEach(() => started.close());

const ann = { user: 'ann', pass: 'p:w@1' };
const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';

describePeers('chains of outbounds that end in V2Ray', ['v2ray'], () => {
  it.each([
    ['SOCKS through HTTP', 'socks', 'http'],
    ['HTTP through SOCKS', 'http', 'socks'],
    ['SOCKS through SOCKS', 'socks', 'socks'],
    ['HTTP through HTTP', 'http', 'http'],
  ] as const)('carry 10 MiB both ways: %s', async (_name, upper, lower) => {
    const target = started.add(await transferTarget());
    const settings = { socks: { auth: 'password', accounts: [ann] }, http: { accounts: [ann] } };
    const peer = started.add(
      await startV2ray({
        log: { loglevel: 'info' },
        inbounds: [
          { protocol: upper, settings: settings[upper] },
          { protocol: lower, settings: settings[lower] },
        ],
        outbounds: [{ protocol: 'freedom' }],
      }),
    );
    const [upperPort = 0, lowerPort = 0] = peer.ports;
    const program = started.add(
      await startProgram({
        inbounds: [door('door', target.port)],
        outbounds: [
          { tag: 'upper', protocol: upper, settings: server(upperPort, [ann]), proxySettings: { tag: 'lower' } },
          { tag: 'lower', protocol: lower, settings: server(lowerPort, [ann]) },
        ],
      }),
    );
    const { socket, clientPort } = await dial(program.port('door'));
    await expectTransfer(socket, target, true);
    expect(await program.lineOf(clientPort)).toContain(`[door -> upper] rule: - up: ${10 * MIB} down: ${10 * MIB}`);
    // V2Ray was asked for itself first, and then for the target.
    for (const port of [upperPort, target.port]) {
      await expect.poll(() => peer.output()).toContain(`opening connection to tcp:127.0.0.1:${port}`);
    }
  });
});

describePeers("Telegram's way through V2Ray", ['v2ray'], () => {
  it.each([
    [
      'an mtproto outbound over a socks one',
      [{ tag: 'tg-out', protocol: 'mtproto', proxySettings: { tag: 'via' } }],
      'tg-out',
    ],
    ['a socks outbound', [], 'via'],
  ] as const)('is open by %s', async (_name, first, outboundTag) => {
    const dc = started.add(await startFakeDc({ fingerprint: randomBytes(8).readBigUInt64LE() }));
    // Whatever address of Telegram's is asked for, it leads to the fake data centre.
    const peer = started.add(
      await startV2ray({
        log: { loglevel: 'info' },
        inbounds: [{ protocol: 'socks' }],
        outbounds: [{ protocol: 'freedom', settings: { redirect: dc.address } }],
      }),
    );
    const program = started.add(
      await startProgram({
        inbounds: [{ tag: 'tg-in', protocol: 'mtproto', settings: { users: [{ email: 'bob@test', secret }] } }],
        outbounds: [
          { tag: 'nowhere', protocol: 'blackhole' },
          ...first,
          { tag: 'via', protocol: 'socks', settings: server(peer.port) },
        ],
        routing: { rules: [{ type: 'field', inboundTag: ['tg-in'], outboundTag }] },
      }),
    );
    for (const id of [2, -4]) {
      const client = await connectMtproto({ host: '127.0.0.1', port: program.port('tg-in'), secret, dc: id });
      const clientPort = client.socket.localPort ?? 0;
      expect((await client.requestPq()).fingerprints).toEqual([dc.fingerprint]);
      const seen = await dc.nextConnection();
      expect(seen.dc).toBe(id);
      expect((await seen.nextRequest()).method).toBe('req_pq_multi');
      await client.close();
      expect(await program.lineOf(clientPort)).toMatch(
        new RegExp(
          `accepted tcp:[\\d.]+:443 \\[tg-in -> ${outboundTag}\\] email: bob@test rule: 0 up: \\d{2} down: \\d{2,3} `,
        ),
      );
    }
  });
});
