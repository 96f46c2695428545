import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { SluiceError } from '@sluice/plugin-api';
import { destination, LinkDuplex, type Destination, type Endpoint, type PacketConn } from '@sluice/plugin-api';
import { hostInbound, hostOutbound, StubSession, type OutboundHost } from '@sluice/testing';
import { formatReply, formatUdpHeader } from './codec.js';
import { socksInbound, socksOutbound } from './index.js';
import type { Wire } from './wire.fixture.js';
import { echoTcp, echoUdp, expectAtRest, hex, Packets, serveTcp, type Port } from './wire.fixture.js';

const closing: (() => unknown)[] = [];
const later = <T extends { close(): unknown }>(closable: T): T => {
  closing.push(() => closable.close());
  return closable;
};

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const tcp = (port: number, host = '127.0.0.1'): Destination => destination('tcp', host, port);
const udp = (port: number, host = '127.0.0.1'): Destination => destination('udp', host, port);

async function outboundTo(
  ports: readonly number[],
  users?: object[],
  options: Parameters<typeof hostOutbound>[2] = {},
): Promise<OutboundHost> {
  const servers = ports.map((port) => ({ address: '127.0.0.1', port, ...(users === undefined ? {} : { users }) }));
  return later(await hostOutbound(socksOutbound, { servers }, options));
}

/** A server that runs a script: expects these bytes, sends those, and so on. */
async function scripted(...script: (string | Buffer)[]): Promise<Port & { readonly heard: Buffer[] }> {
  const heard: Buffer[] = [];
  const server = await serveTcp((wire) => {
    void (async () => {
      for (let i = 0; i < script.length; i += 2) {
        const wanted = hex(String(script[i]));
        heard.push(await wire.read(wanted.length));
        const answer = script[i + 1];
        if (answer !== undefined) wire.write(answer);
      }
      wire.end();
    })().catch(() => wire.close());
  });
  return later(Object.assign(server, { heard }));
}

/** The packets that arrive on a packet conn, one by one, and its end. */
class Arrivals {
  readonly #arrived: { payload: Buffer; from: Endpoint }[] = [];
  #wake: (() => void) | null = null;
  readonly closed: Promise<Error | undefined>;

  constructor(conn: PacketConn) {
    this.closed = new Promise((resolve) =>
      conn.attach({
        onPacket: (payload, from) => {
          this.#arrived.push({ payload, from });
          this.#wake?.();
        },
        onClose: resolve,
      }),
    );
  }

  async next(): Promise<{ payload: Buffer; from: Endpoint }> {
    for (;;) {
      const packet = this.#arrived.shift();
      if (packet !== undefined) return packet;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

describe('CONNECT through a server', () => {
  it('carries bytes both ways, with a half-close, by IP, name and with a password', async () => {
    const echo = later(await echoTcp());
    const cases = [{}, { auth: 'password', accounts: [{ user: 'ann', pass: 'secret' }] }];
    for (const settings of cases) {
      const server = later(await hostInbound(socksInbound, settings));
      const outbound = await outboundTo(
        [server.port],
        'auth' in settings ? [{ user: 'ann', pass: 'secret', level: 2 }] : undefined,
      );
      for (const name of ['127.0.0.1', 'localhost']) {
        const stream = new LinkDuplex(await outbound.connect(tcp(echo.port, name)));
        const payload = randomBytes(400_000);
        stream.end(payload);
        const back: Buffer[] = [];
        for await (const chunk of stream) back.push(chunk as Buffer);
        expect(Buffer.concat(back).equals(payload)).toBe(true);
        const end = await server.nextEnd();
        expect(end.session.target).toMatchObject({ type: name === 'localhost' ? 'domain' : 'ipv4', port: echo.port });
      }
      await expectAtRest(outbound.plane);
      await expectAtRest(server.plane);
    }
  });

  it('says byte for byte what RFC 1928 and RFC 1929 ask, and keeps what the target says at once', async () => {
    const server = await scripted(
      '050102',
      '0502',
      '01 03 616e6e 02 7077',
      '0100',
      '05 01 00 03 04 612e696f 01bb',
      Buffer.concat([formatReply(0, '::1', 9), Buffer.from('220 hi')]),
    );
    const outbound = await outboundTo([server.port], [{ user: 'ann', pass: 'pw' }]);
    const link = await outbound.connect(tcp(443, 'A.io'));
    expect(server.heard).toEqual([hex('050102'), hex('01 03 616e6e 02 7077'), hex('05 01 00 03 04 612e696f 01bb')]);
    expect(String(await link.reader.readExactly(6))).toBe('220 hi');
    link.destroy();
    await expectAtRest(outbound.plane);
  });

  it.each<[string, (string | Buffer)[], string, object]>([
    ['accepts no method', ['050102', '05ff'], 'E_UPSTREAM_REJECTED', {}],
    ['chooses what was not offered', ['050102', '0500'], 'E_UPSTREAM_REJECTED', {}],
    ['does not accept the password', ['050102', '0502', '01 03 616e6e 02 7077', '0101'], 'E_UPSTREAM_REJECTED', {}],
    [
      'refuses the target',
      ['050102', '0502', '01 03 616e6e 02 7077', '0100', '05 01 00 01 7f000001 0009', formatReply(5)],
      'E_UPSTREAM_REJECTED',
      { reply: 5 },
    ],
    [
      'refuses in short',
      ['050102', '0502', '01 03 616e6e 02 7077', '0100', '05 01 00 01 7f000001 0009', '0502'],
      'E_UPSTREAM_REJECTED',
      { reply: 2 },
    ],
    ['speaks SOCKS 4', ['050102', '005b000000000000'], 'E_PROTOCOL', {}],
    ['speaks HTTP', ['050102', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], 'E_PROTOCOL', {}],
    ['speaks wrongly of the password', ['050102', '0502', '01 03 616e6e 02 7077', '0500'], 'E_PROTOCOL', {}],
    [
      'names an unknown kind of address',
      ['050102', '0502', '01 03 616e6e 02 7077', '0100', '05 01 00 01 7f000001 0009', '05000009'],
      'E_PROTOCOL',
      { reply: 8 },
    ],
    ['ends early', ['050102'], 'E_CONN_CLOSED', {}],
    [
      'ends in the middle of a reply',
      ['050102', '0502', '01 03 616e6e 02 7077', '0100', '05 01 00 01 7f000001 0009', '0500000100'],
      'E_CONN_CLOSED',
      {},
    ],
  ])('fails with a coded error, and leaves nothing open, where the server %s', async (_what, script, code, details) => {
    const server = await scripted(...script);
    const outbound = await outboundTo([server.port], [{ user: 'ann', pass: 'pw' }]);
    const error = await outbound.connect(tcp(9)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SluiceError', code, details });
    expect(JSON.stringify([(error as SluiceError).message, outbound.logger.lines])).not.toMatch(/ann|pw/);
    await expectAtRest(outbound.plane);
  });

  it('fails in time where the server is silent, and at once where the instance closes', async () => {
    const heard: Promise<Buffer>[] = [];
    const server = later(await serveTcp((wire) => void heard.push(wire.read(3))));
    const outbound = await outboundTo([server.port], undefined, { policy: { handshake: 200 } });
    await expect(outbound.connect(tcp(9))).rejects.toMatchObject({ code: 'E_HANDSHAKE_TIMEOUT' });
    const patient = await outboundTo([server.port]);
    const session = new StubSession();
    const connecting = patient.connect(tcp(9), session);
    await expect.poll(() => heard.length).toBe(2);
    session.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'E_CLOSING' });
    await expectAtRest(outbound.plane);
    await expectAtRest(patient.plane);
  });

  it('fails with a coded error where the server resets', async () => {
    const server = later(await serveTcp((wire) => void wire.read(3).then(() => wire.reset())));
    const outbound = await outboundTo([server.port]);
    await expect(outbound.connect(tcp(9))).rejects.toMatchObject({ code: 'E_CONN_RESET' });
    await expectAtRest(outbound.plane);
  });

  it('does not dial for what SOCKS cannot carry', async () => {
    const outbound = await outboundTo([9]);
    await expect(outbound.connect(destination('tcp', '/run/a.sock', 0))).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
    });
    await expect(outbound.openPackets(destination('udp', '/run/a.sock', 0))).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
    });
  });
});

describe('several servers', () => {
  it('take turns', async () => {
    const counts = [0, 0, 0];
    const servers = await Promise.all(
      counts.map((_, index) =>
        serveTcp((wire) => {
          counts[index] = (counts[index] ?? 0) + 1;
          void wire.read(3).then(() => wire.write('05ff'));
        }).then(later),
      ),
    );
    const outbound = await outboundTo(servers.map(({ port }) => port));
    for (let i = 0; i < 6; i += 1)
      await expect(outbound.connect(tcp(9))).rejects.toMatchObject({ code: 'E_UPSTREAM_REJECTED' });
    expect(counts).toEqual([2, 2, 2]);
  });

  it("stand in for one that cannot be reached; where none can, the dial's error says why", async () => {
    const gone = await echoTcp();
    await gone.close();
    const server = later(await hostInbound(socksInbound, {}));
    const echo = later(await echoTcp());
    const outbound = await outboundTo([gone.port, server.port]);
    for (let i = 0; i < 3; i += 1) (await outbound.connect(tcp(echo.port))).destroy();
    const hopeless = await outboundTo([gone.port, gone.port]);
    await expect(hopeless.connect(tcp(echo.port))).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    await expectAtRest(outbound.plane);
  });
});

describe('UDP through a server', () => {
  it('carries packets to IPs and names and back, from whoever answers, and closes what it opened', async () => {
    const echo = later(await echoUdp());
    const server = later(
      await hostInbound(socksInbound, { udp: true, auth: 'password', accounts: [{ user: 'u', pass: 'p' }] }),
    );
    const outbound = await outboundTo([server.port], [{ user: 'u', pass: 'p' }]);
    const conn = await outbound.openPackets(udp(echo.port));
    const arrivals = new Arrivals(conn);
    for (const name of ['127.0.0.1', 'localhost']) {
      const payload = randomBytes(1200);
      conn.send(payload, udp(echo.port, name));
      expect(await arrivals.next()).toEqual({ payload, from: { address: '127.0.0.1', port: echo.port } });
    }
    conn.close();
    expect(await arrivals.closed).toBeUndefined();
    expect((await server.nextEnd()).error).toBeUndefined();
    await expectAtRest(outbound.plane);
    await expectAtRest(server.plane);
  });

  /** A server whose UDP side is the test itself. */
  async function relayAt(bound: { host: string; port: number }): Promise<{ port: number; control: Promise<Wire> }> {
    let accepted!: (wire: Wire) => void;
    const control = new Promise<Wire>((resolve) => (accepted = resolve));
    const server = later(
      await serveTcp((wire) => {
        void (async () => {
          await wire.read(3);
          wire.write('0500');
          expect(await wire.read(10)).toEqual(hex('05 03 00 01 00000000 0000'));
          wire.write(formatReply(0, bound.host, bound.port));
          accepted(wire);
        })();
      }),
    );
    return { port: server.port, control };
  }

  it.each(['0.0.0.0', '::', '127.0.0.1', 'localhost'])(
    'sends to the server itself where it names %s, and keeps domains',
    async (bound) => {
      const relay = later(await Packets.on());
      const { port } = await relayAt({ host: bound, port: relay.port });
      const outbound = await outboundTo([port]);
      const conn = later(await outbound.openPackets(udp(53, 'a.io')));
      const arrivals = new Arrivals(conn);
      conn.send(Buffer.from('hi'), udp(53, 'a.io'));
      const seen = await relay.next();
      expect(seen.payload).toEqual(Buffer.concat([formatUdpHeader('a.io', 53), Buffer.from('hi')]));
      await relay.send(Buffer.concat([formatUdpHeader('192.0.2.1', 53), Buffer.from('yo')]), seen.port);
      expect(await arrivals.next()).toEqual({ payload: Buffer.from('yo'), from: { address: '192.0.2.1', port: 53 } });
    },
  );

  it('takes only whole packets, and only from the relay', async () => {
    const relay = later(await Packets.on());
    const stranger = later(await Packets.on());
    const { port } = await relayAt({ host: '0.0.0.0', port: relay.port });
    const outbound = await outboundTo([port]);
    const conn = later(await outbound.openPackets(udp(53, '192.0.2.1')));
    const arrivals = new Arrivals(conn);
    conn.send(Buffer.from('hi'), udp(53, '192.0.2.1'));
    const { port: ours } = await relay.next();
    const framed = Buffer.concat([formatUdpHeader('192.0.2.1', 53), Buffer.from('forged')]);
    await stranger.send(framed, ours);
    await later(await Packets.on('127.0.0.2', relay.port)).send(framed, ours);
    const fragment = Buffer.from(framed);
    fragment[2] = 0x80;
    for (const junk of [fragment, hex('00'), hex('0000 00 09 01'), randomBytes(3)]) await relay.send(junk, ours);
    await relay.send(Buffer.concat([formatUdpHeader('192.0.2.1', 53), Buffer.from('real')]), ours);
    expect(String((await arrivals.next()).payload)).toBe('real');
  });

  it.each(['end', 'reset'] as const)('ends when the server ends the connection by %s', async (how) => {
    const relay = later(await Packets.on());
    const { port, control } = await relayAt({ host: '0.0.0.0', port: relay.port });
    const outbound = await outboundTo([port]);
    const conn = await outbound.openPackets(udp(53));
    const arrivals = new Arrivals(conn);
    (await control)[how]();
    expect(await arrivals.closed).toBeInstanceOf(Error);
    conn.send(Buffer.from('nobody minds'), udp(53));
    conn.close();
    await expectAtRest(outbound.plane);
  });

  it('fails where the server refuses it or names no port', async () => {
    const refusing = later(await hostInbound(socksInbound, {}));
    const outbound = await outboundTo([refusing.port]);
    await expect(outbound.openPackets(udp(53))).rejects.toMatchObject({
      code: 'E_UPSTREAM_REJECTED',
      details: { reply: 7 },
    });
    const { port } = await relayAt({ host: '0.0.0.0', port: 0 });
    const other = await outboundTo([port]);
    await expect(other.openPackets(udp(53))).rejects.toMatchObject({ code: 'E_PROTOCOL' });
    await expectAtRest(outbound.plane);
    await expectAtRest(other.plane);
  });
});
