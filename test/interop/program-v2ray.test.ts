import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { startV2ray, type V2ray, type V2rayConfig } from '../peers/v2ray.js';
import { dial, door, MIB, server, Started, startProgram, type Program } from './program.fixture.js';
import { expectTransfer, transferTarget, udpEcho, type TransferTarget } from './socks-transfer.js';
import { expectEchoes, SocksUdpClient, UdpClient } from './udp-client.fixture.js';

const started = new Started();
afterEach(() => started.close());

const ann = { user: 'ann', pass: 'p:w@1' };
// V2Ray 4 cuts datagrams off at 2048 bytes, of which some are SOCKS's own.
const throughV2ray = [1, 100, 1400, 1900];
const throughUs = [...throughV2ray, 4096, 8192];

const v2ray = async (config: V2rayConfig): Promise<V2ray> =>
  started.add(await startV2ray({ log: { loglevel: 'warning' }, ...config }));
const program = async (config: Parameters<typeof startProgram>[0]): Promise<Program> =>
  started.add(await startProgram(config));

const direct = { tag: 'direct', protocol: 'freedom' };

/** 10 MiB each way through a port, the client's end said at once. @returns the client's own port */
async function transfer(port: number, target: TransferTarget): Promise<number> {
  const { socket, clientPort, closed } = await dial(port);
  await expectTransfer(socket, target, true);
  expect(await closed).toBeUndefined();
  return clientPort;
}

const bothWays = `up: ${10 * MIB} down: ${10 * MIB}`;

describePeers('V2Ray as the client of the program', ['v2ray'], () => {
  it.each([
    ['SOCKS', 'socks', [direct]],
    ['HTTP', 'http', [direct]],
  ] as const)('sends and receives 10 MiB by %s', async (_name, protocol, outbounds) => {
    const target = started.add(await transferTarget());
    const settings = { accounts: [ann], ...(protocol === 'socks' ? { auth: 'password' } : {}) };
    const ours = await program({ inbounds: [{ tag: 'in', protocol, settings }], outbounds });
    const client = await v2ray({
      inbounds: [door('tcp', target.port)],
      outbounds: [{ protocol, settings: server(ours.port('in'), [ann]) }],
    });
    await transfer(client.port, target);
    await expect
      .poll(() => ours.output())
      .toMatch(new RegExp(`tcp:127\\.0\\.0\\.1:${target.port} \\[in -> direct\\] email: ann rule: - ${bothWays}`));
  });

  it('sends datagrams to several targets by SOCKS', async () => {
    const echoes = [started.add(await udpEcho()), started.add(await udpEcho()), started.add(await udpEcho())];
    const ours = await program({
      inbounds: [{ tag: 'in', protocol: 'socks', settings: { udp: true } }],
      outbounds: [direct],
    });
    const client = await v2ray({
      inbounds: [
        { protocol: 'socks', settings: { udp: true, ip: '127.0.0.1' } },
        door('udp', echoes[0]?.port ?? 0, 'udp'),
      ],
      outbounds: [{ protocol: 'socks', settings: server(ours.port('in')) }],
    });
    const bySocks = started.add(await SocksUdpClient.open(client.port));
    await expectEchoes(bySocks, echoes, throughV2ray, 20);
    const byDoor = started.add(await UdpClient.open(client.ports[1] ?? 0));
    await expectEchoes(byDoor, [{ port: client.ports[1] ?? 0 }], throughV2ray, 20);
  });
});

describePeers('V2Ray as the server of the program', ['v2ray'], () => {
  it.each(['socks', 'http'] as const)('sends and receives 10 MiB by %s', async (protocol) => {
    const target = started.add(await transferTarget());
    const settings = { accounts: [ann], ...(protocol === 'socks' ? { auth: 'password' } : {}) };
    const peer = await v2ray({ inbounds: [{ protocol, settings }], outbounds: [{ protocol: 'freedom' }] });
    const ours = await program({
      inbounds: [door('door', target.port)],
      outbounds: [{ tag: 'out', protocol, settings: server(peer.port, [ann]) }],
    });
    const clientPort = await transfer(ours.port('door'), target);
    expect(await ours.lineOf(clientPort)).toContain(
      `accepted tcp:127.0.0.1:${target.port} [door -> out] rule: - ${bothWays}`,
    );
  });

  it('sends datagrams to several targets by SOCKS', async () => {
    const echoes = [started.add(await udpEcho()), started.add(await udpEcho()), started.add(await udpEcho())];
    const peer = await v2ray({
      inbounds: [{ protocol: 'socks', settings: { udp: true, ip: '127.0.0.1' } }],
      outbounds: [{ protocol: 'freedom' }],
    });
    const ours = await program({
      inbounds: [{ tag: 'in', protocol: 'socks', settings: { udp: true } }],
      outbounds: [{ tag: 'out', protocol: 'socks', settings: server(peer.port) }],
    });
    const client = started.add(await SocksUdpClient.open(ours.port('in')));
    await expectEchoes(client, echoes, throughV2ray, 20);
  });
});

describePeers('UDP through the program', [], () => {
  it.each([
    ['by itself', false],
    ['and another one by SOCKS', true],
  ])('%s is full cone, up to 8 KiB', async (_name, chained) => {
    const far = await program({
      inbounds: [{ tag: 'far', protocol: 'socks', settings: { udp: true } }],
      outbounds: [direct],
    });
    const near = await program({
      inbounds: [{ tag: 'near', protocol: 'socks', settings: { udp: true } }],
      outbounds: [{ tag: 'out', protocol: 'socks', settings: server(far.port('far')) }],
    });
    const client = started.add(await SocksUdpClient.open(chained ? near.port('near') : far.port('far')));
    const echoes = [started.add(await udpEcho()), started.add(await udpEcho()), started.add(await udpEcho())];
    await expectEchoes(client, echoes, throughUs, 20);
    // Everybody sees the client at one address, and whoever knows it may write to it.
    const [one, two, stranger] = [
      started.add(await UdpClient.open(0)),
      started.add(await UdpClient.open(0)),
      started.add(await UdpClient.open(0)),
    ];
    client.send(Buffer.from('to one'), one.port);
    client.send(Buffer.from('to two'), two.port);
    const [seenByOne, seenByTwo] = [await one.receive(), await two.receive()];
    expect(seenByOne.port).toBe(seenByTwo.port);
    stranger.send(Buffer.from('unasked'), seenByOne.port);
    expect(await client.receive()).toEqual({ payload: Buffer.from('unasked'), port: stranger.port });
  });
});
