import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostInbound, type InboundHost, type InboundHostOptions } from '@sluice/testing';
import { formatCredentials, formatRequest, formatUdpHeader, parseReply } from './codec.js';
import { socksInbound } from './index.js';
import { echoUdp, expectAtRest, hex, Packets, Wire } from './wire.fixture.js';

let echo: Awaited<ReturnType<typeof echoUdp>>;
let host: InboundHost;
let closing: { close(): void }[];

async function start(settings: object = {}, options: InboundHostOptions = {}): Promise<void> {
  host = await hostInbound(socksInbound, { udp: true, ...settings }, options);
}

function later<T extends { close(): void }>(closable: T): T {
  closing.push(closable);
  return closable;
}

/** Asks for an association; the reply's address is where packets are to go. */
async function associate(
  announced = { host: '0.0.0.0', port: 0 },
  login?: [string, string],
): Promise<{ wire: Wire; host: string; port: number }> {
  const wire = later(await Wire.to(host.port));
  wire.write(login === undefined ? '05 01 00' : '05 01 02');
  if (login !== undefined) wire.write(formatCredentials({ user: Buffer.from(login[0]), pass: Buffer.from(login[1]) }));
  wire.write(formatRequest(3, announced.host, announced.port));
  await wire.read(login === undefined ? 2 : 4);
  const reply = parseReply(await wire.read(10));
  return { wire, host: reply?.value.host ?? '', port: reply?.value.port ?? 0 };
}

const framed = (payload: Uint8Array, port = echo.port, name = '127.0.0.1'): Buffer =>
  Buffer.concat([formatUdpHeader(name, port), payload]);
const packets = async (address?: string): Promise<Packets> => later(await Packets.on(address));

async function expectEcho(from: Packets, name?: string): Promise<void> {
  const payload = randomBytes(40);
  await from.send(framed(payload, echo.port, name), host.port);
  expect((await from.next()).payload).toEqual(framed(payload));
}

beforeEach(async () => {
  closing = [];
  echo = later(await echoUdp());
});

afterEach(async () => {
  for (const each of closing) each.close();
  await host.close();
  await expectAtRest(host.plane);
});

describe('a UDP association', () => {
  it('carries packets to IPs and names and back, of any size that UDP has', async () => {
    await start();
    const { host: address, port } = await associate();
    expect({ address, port }).toEqual({ address: '127.0.0.1', port: host.port });
    const client = await packets();
    await expectEcho(client);
    await expectEcho(client, 'localhost');
    for (const size of [0, 1, 1472, 60_000]) {
      const payload = randomBytes(size);
      await client.send(framed(payload), port);
      expect((await client.next()).payload.equals(framed(payload))).toBe(true);
    }
  });

  it('reaches IPv6, and tells who answered', async () => {
    await start();
    const six = later(await echoUdp('::1'));
    await associate();
    const client = await packets();
    await client.send(framed(Buffer.from('six'), six.port, '::1'), host.port);
    expect((await client.next()).payload).toEqual(framed(Buffer.from('six'), six.port, '::1'));
  });

  it('lets in answers from those who were not asked (full cone)', async () => {
    await start();
    await associate();
    const client = await packets();
    const peer = await packets();
    const stranger = await packets();
    await client.send(framed(Buffer.from('hello'), peer.port), host.port);
    const seen = await peer.next();
    await stranger.send(Buffer.from('from elsewhere'), seen.port);
    expect((await client.next()).payload).toEqual(framed(Buffer.from('from elsewhere'), stranger.port));
  });

  it.each([
    ['IPv6', '::1', '::1', 22],
    // The form in which a dual-stack socket sees IPv4.
    ['IPv4 on an IPv6 socket', '::ffff:127.0.0.1', '127.0.0.1', 10],
  ])('serves clients of %s', async (_what, listen, address, size) => {
    await start({}, { listen });
    const wire = later(await Wire.to(host.port, address));
    wire.write(Buffer.concat([hex('05 01 00'), formatRequest(3, '0.0.0.0', 0)]));
    const reply = await wire.read(2 + size);
    expect(parseReply(reply.subarray(2))?.value).toEqual({ reply: 0, host: address, port: host.port });
    const client = await packets(address);
    await client.send(framed(Buffer.from('hi')), host.port, address);
    expect((await client.next()).payload).toEqual(framed(Buffer.from('hi')));
  });

  it('tells clients the address that the settings name', async () => {
    await start({ ip: '192.0.2.7' });
    expect((await associate()).host).toBe('192.0.2.7');
  });

  it('outlives the time limit of the handshake, and ends with the connection, in order or not', async () => {
    await start({}, { policy: { handshake: 100 } });
    for (const leave of ['end', 'reset', 'close'] as const) {
      const { wire } = await associate();
      const client = await packets();
      await new Promise<void>((resolve) => void host.plane.timers.after(300, resolve));
      await expectEcho(client);
      wire[leave]();
      const { session, error } = await host.nextEnd();
      expect(error).toBeUndefined();
      expect(session.isEstablished).toBe(true);
      await client.send(framed(Buffer.from('too late')), host.port);
    }
    // What a live association sends afterwards arrives; what came too late never does.
    await associate();
    await expectEcho(await packets());
    expect(echo.seen.map(String)).not.toContain('too late');
  });

  it('is not disturbed by what the client says on the connection', async () => {
    await start();
    const { wire } = await associate();
    wire.write(randomBytes(200_000));
    await expectEcho(await packets());
  });

  it('takes nothing from other addresses, from other ports, or from anybody once it is over', async () => {
    await start();
    const client = await packets();
    await client.send(framed(Buffer.from('unasked')), host.port);
    const { wire } = await associate();
    await (await packets('127.0.0.2')).send(framed(Buffer.from('other address')), host.port);
    await expectEcho(client);
    await (await packets()).send(framed(Buffer.from('other port')), host.port);
    await expectEcho(client);
    wire.end();
    await host.nextEnd();
    await client.send(framed(Buffer.from('over')), host.port);
    await associate();
    await expectEcho(await packets());
    expect(echo.seen).toHaveLength(3);
  });

  it('holds a user to the port that he announced', async () => {
    await start({ auth: 'password', accounts: [{ user: 'ann', pass: 'p' }] });
    const client = await packets();
    await associate({ host: '127.0.0.1', port: client.port }, ['ann', 'p']);
    await (await packets()).send(framed(Buffer.from('another')), host.port);
    await expectEcho(client);
    expect(echo.seen).toHaveLength(1);
  });

  it("does not take an address that is not the client's for an announcement", async () => {
    await start({ auth: 'password', accounts: [{ user: 'ann', pass: 'p' }] });
    await associate({ host: '10.9.8.7', port: 4000 }, ['ann', 'p']);
    await expectEcho(await packets());
  });

  it('drops fragments, junk and packets to nowhere', async () => {
    await start();
    await associate();
    const client = await packets();
    const fragment = framed(Buffer.from('fragment'));
    fragment[2] = 1;
    const junk = [
      fragment,
      hex(''),
      hex('00'),
      hex('0000 00 01 7f00'),
      hex('0000 00 07 7f000001 0050'),
      framed(Buffer.from('x'), 0),
      hex('0000 00 03 05 2f612f6230 0050 78'),
    ];
    for (const packet of junk) await client.send(packet, host.port);
    await expectEcho(client);
    expect(echo.seen).toHaveLength(1);
  });

  it('is refused where the settings do not allow it', async () => {
    await start({ udp: false });
    const wire = later(await Wire.to(host.port));
    wire.write(Buffer.concat([hex('05 01 00'), formatRequest(3, '0.0.0.0', 0)]));
    expect(await wire.readToEnd()).toEqual(hex('0500 05 07 00 01 00000000 0000'));
  });
});
