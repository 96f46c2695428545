import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { hostInbound, type InboundHost, type InboundHostOptions } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sealer, TAG } from './aead.js';
import { ChunkEncoder } from './codec.js';
import { shadowsocksInbound } from './index.js';
import { Secret } from './method.js';
import { openPacket, sealPacket } from './packet.js';
import { SaltFilter } from './salt-filter.js';
import { connectTo, echoTcp, echoUdp, expectAtRest, openAnswer, opening, through, type Echo } from './wire.fixture.js';

const settings = { method: 'aes-128-gcm', password: 'hush-hush', email: 'ann', level: 3, network: 'tcp,udp' };
const secret = new Secret('aes-128-gcm', 'hush-hush');
const REFUSED = 'inbound>>>test-in>>>handshake>>>refused';

let echo: Echo;
let host: InboundHost;

async function start(options: InboundHostOptions = {}): Promise<void> {
  host = await hostInbound(shadowsocksInbound, settings, options);
}

beforeEach(async () => {
  echo = await echoTcp();
});

afterEach(async () => {
  await host.close();
  await echo.close();
  await expectAtRest(host.plane);
  expect(host.logger.lines.join('\n')).not.toContain('hush');
});

/** Sends bytes, ends, and gives what came back. */
async function exchange(bytes: Buffer): Promise<Buffer> {
  const { socket, ended } = await connectTo(host.port);
  socket.end(bytes);
  return ended;
}

describe('a client with the password', () => {
  it('is connected, as the user, and half-closes', async () => {
    await start();
    const payload = randomBytes(200_000);
    const answer = await exchange(opening(secret, echo.port, payload));
    expect(openAnswer(secret, answer).equals(payload)).toBe(true);
    const { session, result } = await host.nextEnd();
    expect(session.user).toEqual({ level: 3, email: 'ann' });
    expect(session.target).toMatchObject({ host: '127.0.0.1', port: echo.port });
    expect(result).toMatchObject({ end: 'done', uplink: 200_000, downlink: 200_000 });
  });

  it('may send its first bytes one by one, and the address in several chunks', async () => {
    await start();
    const encoder = new ChunkEncoder(secret, secret.newSalt());
    const pieces = [[1], [127], [0, 0], [1, echo.port >> 8], [echo.port & 0xff], [...Buffer.from('hello')]];
    const { socket, ended } = await connectTo(host.port);
    for (const byte of Buffer.concat(pieces.map((piece) => through(encoder, Buffer.from(piece))))) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    expect(openAnswer(secret, await ended).toString()).toBe('hello');
  });

  it('gets its packets through, from whoever answers', async () => {
    await start();
    const udp = await echoUdp();
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const packet = sealPacket(secret, new SaltFilter(), '127.0.0.1', udp.port, Buffer.from('ping'));
    socket.send(packet, host.port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(openPacket(secret, new SaltFilter(), answer)).toEqual({
      to: { network: 'udp', type: 'ipv4', host: '127.0.0.1', port: udp.port },
      payload: Buffer.from('ping'),
    });
    // The same packet again, its own answer, junk, and another password get no answer; what comes after them does.
    socket.send(packet, host.port, '127.0.0.1');
    socket.send(answer, host.port, '127.0.0.1');
    socket.send(randomBytes(100), host.port, '127.0.0.1');
    const other = new Secret('aes-128-gcm', 'other');
    socket.send(sealPacket(other, new SaltFilter(), '127.0.0.1', udp.port, Buffer.from('x')), host.port, '127.0.0.1');
    socket.send(
      sealPacket(secret, new SaltFilter(), '127.0.0.1', udp.port, Buffer.from('pong')),
      host.port,
      '127.0.0.1',
    );
    const [next] = (await once(socket, 'message')) as [Buffer];
    expect(openPacket(secret, new SaltFilter(), next)?.payload.toString()).toBe('pong');
    expect(host.stats.query(REFUSED).get(REFUSED)).toBe(4);
    socket.close();
    await udp.close();
  });

  it('whose target refuses gets no byte, so that nothing says what the port is', async () => {
    await start();
    await echo.close();
    expect(await exchange(opening(secret, echo.port, Buffer.from('x')))).toHaveLength(0);
    expect((await host.nextEnd()).error).toMatchObject({ code: 'E_DIAL_REFUSED' });
    echo = await echoTcp();
  });

  it('that sends a bad chunk later is cut off', async () => {
    await start();
    const { socket, ended } = await connectTo(host.port);
    socket.write(opening(secret, echo.port, Buffer.from('hello')));
    await once(socket, 'data');
    socket.write(randomBytes(100));
    await ended;
    expect((await host.nextEnd()).result).toMatchObject({ error: { code: 'E_PROTOCOL' } });
    socket.destroy();
  });
});

describe('a stranger', () => {
  /** The connection is there until the handshake's time is up, whatever was sent: never for what was read. */
  async function expectSilence(bytes: Buffer, reason: RegExp): Promise<void> {
    const { socket, ended } = await connectTo(host.port);
    socket.write(bytes);
    // A whole client beside it is served meanwhile; the stranger is still waiting.
    expect(openAnswer(secret, await exchange(opening(secret, echo.port, Buffer.from('ok')))).toString()).toBe('ok');
    expect((await host.nextEnd()).result).toMatchObject({ end: 'done' });
    expect(socket.readableEnded).toBe(false);
    socket.end();
    expect(await ended).toHaveLength(0);
    expect((await host.nextEnd()).error?.message).toMatch(reason);
    socket.destroy();
  }

  it.each([1, 16, 33, 34, 35, 100, 5000])('with %i bytes of junk hears nothing and sees no end', async (count) => {
    await start();
    await expectSilence(randomBytes(count), count < 34 ? /closed the connection/ : /another password/);
  });

  it('with another password, or another method, is one of them', async () => {
    await start();
    await expectSilence(opening(new Secret('aes-128-gcm', 'other'), echo.port, Buffer.from('x')), /another password/);
    await expectSilence(
      opening(new Secret('aes-256-gcm', 'hush-hush'), echo.port, Buffer.from('x')),
      /another password/,
    );
  });

  it('who replays a recorded connection, or our own answer, is one, also after a reload', async () => {
    await start();
    const recorded = opening(secret, echo.port, Buffer.from('once'));
    const answer = await exchange(recorded);
    expect(openAnswer(secret, answer).toString()).toBe('once');
    await host.nextEnd();
    await expectSilence(recorded, /replays/);
    await expectSilence(answer, /replays/);
    const previous = host;
    host = await hostInbound(shadowsocksInbound, settings, { previous });
    expect(host.revoked).toEqual([]);
    await expectSilence(recorded, /replays/);
    await previous.close();
  });

  it('who changes the first chunk on its way learns nothing of how long it is', async () => {
    await start();
    const changed = opening(secret, echo.port, Buffer.from('x'));
    changed[changed.length - 1]! ^= 1;
    await expectSilence(changed, /changed on its way/);
    const salt = secret.newSalt();
    const box = Buffer.alloc(2 + TAG);
    new Sealer(secret, salt).seal(Buffer.from([0xff, 0xff]), box, 0);
    await expectSilence(Buffer.concat([salt, box]), /longer than 16383/);
  });

  it('is closed when the handshake time is up', async () => {
    await start({ policy: { handshake: 300 } });
    const { socket, ended } = await connectTo(host.port);
    socket.write(randomBytes(64));
    expect(await ended).toHaveLength(0);
    expect((await host.nextEnd()).error).toMatchObject({ code: 'E_AUTH' });
    socket.destroy();
  });
});

describe('a reload', () => {
  it('ends those who came by another password', async () => {
    await start();
    const previous = host;
    host = await hostInbound(shadowsocksInbound, { ...settings, password: 'new' }, { previous });
    expect(host.revoked).toEqual(['ann']);
    await previous.close();
  });
});
