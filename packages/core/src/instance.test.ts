import { once } from 'node:events';
import dgram from 'node:dgram';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  destination,
  SluiceError,
  type Destination,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type Link,
  type PacketConn,
  type PacketSink,
  type Session,
} from '@sluice/plugin-api';
import {
  closed,
  connected,
  echoServer,
  LOOPBACK,
  made,
  NOTHING_LEFT,
  portOf,
  type Running,
} from './instance.fixture.js';

/** A packet conn that a test holds the other end of. */
class HeldPackets implements PacketConn {
  sink: PacketSink | undefined;
  closed = false;
  readonly sent: string[] = [];
  onSend: (text: string) => void = () => undefined;

  attach(sink: PacketSink): void {
    this.sink = sink;
  }
  send(payload: Buffer): void {
    this.sent.push(payload.toString());
    this.onSend(payload.toString());
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.sink?.onClose(undefined);
  }
}

describe('Instance', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note).on('uncaughtException', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note).off('uncaughtException', note);
    expect(unhandled).toEqual([]);
  });

  it('stops in the middle of a start, and leaves nothing that listens', async () => {
    let goOn: () => void = () => undefined;
    let starts = 0;
    const inbound = (): Inbound => ({
      start: () => {
        starts += 1;
        return new Promise((resolve) => (goOn = resolve));
      },
    });
    const { instance } = made({ inbound, inbounds: 3 });
    const started = instance.start();
    while (starts === 0) await new Promise((resolve) => setImmediate(resolve));
    const ended = instance.close({ drainMs: 0 });
    goOn();
    await expect(started).rejects.toMatchObject({ code: 'E_CLOSING' });
    await ended;
    expect(starts).toBe(1);
    expect(instance.inbounds.flatMap(({ listening }) => listening)).toEqual([]);
    await expect(instance.start()).rejects.toMatchObject({ code: 'E_LIFECYCLE' });
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
  });

  it('lives beside another one, and closes any number of times', async () => {
    const { server, to } = await echoServer();
    const inbound = ({ dispatcher }: InboundContext): Inbound => ({
      accept: async (link, session) => dispatcher.relay(session, link, await dispatcher.connect(session, to)),
    });
    const [one, two] = [made({ inbound }), made({ inbound })];
    await Promise.all([one.instance.start(), two.instance.start()]);
    const client = connected(portOf(two.instance));
    client.write('hello');
    await once(client, 'data');
    await Promise.all([one.instance.close(), one.instance.close()]);
    client.write('again');
    expect(String((await once(client, 'data'))[0])).toBe('again');
    const gone = closed(client);
    // The second call does not wait for what the first one wants to wait for.
    const slow = two.instance.close({ drainMs: 60_000 });
    await two.instance.close({ drainMs: 0 });
    await slow;
    await gone;
    for (const { instance } of [one, two]) expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
    expect(two.log()).toMatch(/accepted .* end: closing/);
    server.close();
  });

  it('ends the relay of an inbound that fails after it has handed its connection on', async () => {
    const { server, to } = await echoServer();
    const inbound = ({ dispatcher }: InboundContext): Inbound => ({
      accept: async (link, session) => {
        dispatcher.relay(session, link, await dispatcher.connect(session, to));
        throw new TypeError('forgot something');
      },
    });
    const { instance, log } = made({ inbound });
    await instance.start();
    const client = connected(portOf(instance));
    await closed(client.resume());
    while (instance.dataPlane.conns > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
    await instance.close();
    expect(log().match(/accepted/g)).toHaveLength(1);
    expect(log()).toMatch(/\[Error\] \[in0\] forgot something/);
    server.close();
  });

  it('logs each connection that a close ends in its handshake, and frees its codecs', async () => {
    let disposed = 0;
    const inbound = (): Inbound => ({
      accept: async (link: Link) => {
        link.push({ decode: { write: (chunk, emit) => void emit(chunk), dispose: () => void (disposed += 1) } });
        await link.reader.readExactly(100);
      },
    });
    const { instance, log } = made({ inbound });
    await instance.start();
    const clients = [1, 2, 3].map(() => connected(portOf(instance)));
    while (instance.dataPlane.sessions < 3) await new Promise((resolve) => setImmediate(resolve));
    await instance.close({ drainMs: 0 });
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
    expect(disposed).toBe(3);
    expect(log().match(/rejected .*E_CLOSING/g)).toHaveLength(3);
    for (const client of clients) client.destroy();
  });

  it('waits for refused clients to take their last bytes', async () => {
    const inbound = (): Inbound => ({
      accept: (link: Link) => {
        link.write(Buffer.from('no'));
        return Promise.reject(new SluiceError('E_AUTH', 'not you'));
      },
    });
    const { instance } = made({ inbound });
    await instance.start();
    // It stays open, though its end was seen.
    const client = net.connect({ port: portOf(instance), host: LOOPBACK, allowHalfOpen: true });
    client.on('error', () => undefined);
    expect(String((await once(client, 'data'))[0])).toBe('no');
    await instance.close({ drainMs: 0 });
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
    client.destroy();
  });

  describe('with packets', () => {
    let held: HeldPackets[];
    let client: dgram.Socket;
    let refuse: (to: Destination) => boolean;
    let opened: () => Promise<void>;

    beforeEach(async () => {
      held = [];
      refuse = () => false;
      opened = () => Promise.resolve();
      client = dgram.createSocket('udp4');
      client.bind(0, LOOPBACK);
      await once(client, 'listening');
    });
    afterEach(() => client.close());

    /** "host text": the packet's destination and payload. */
    const packets = async (): Promise<Running> => {
      const running = made({
        networks: ['udp'],
        inbound: ({ packets: dispatcher }) => ({
          packet: (payload, source, local, reply) => {
            const [host = '', text = ''] = payload.toString().split(' ');
            const packet = { source, local, to: destination('udp', host, 53), payload: Buffer.from(text) };
            dispatcher.send(packet, (back) => {
              if (back.length === 0) throw new TypeError('an empty reply');
              reply(back);
            });
          },
        }),
        outbound: () => ({
          connect: () => Promise.reject(new SluiceError('E_UNSUPPORTED', 'packets only')),
          openPackets: async (_session: Session, to: Destination) => {
            await opened();
            if (refuse(to)) throw new SluiceError('E_BLOCKED', `${to.host} is blocked`);
            const conn = new HeldPackets();
            held.push(conn);
            return conn;
          },
        }),
      });
      await running.instance.start();
      return running;
    };
    const say = (running: Running, text: string): void => client.send(text, portOf(running.instance), LOOPBACK);
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise((resolve) => setImmediate(resolve));
    };
    const from: Endpoint = { address: '192.0.2.1', port: 53 };

    it('lets an answer come while it drains, or after', async () => {
      const running = await packets();
      say(running, 'a.test ask');
      await until(() => held[0]?.sent.length === 1);
      const sink = held[0]?.sink;
      const ended = running.instance.close();
      await new Promise((resolve) => setImmediate(resolve));
      sink?.onPacket(Buffer.from('answer'), from);
      await ended;
      sink?.onPacket(Buffer.from('answer'), from);
      expect(held[0]?.closed).toBe(true);
      expect(running.instance.dataPlane).toMatchObject(NOTHING_LEFT);
    });

    it('ends a flow whose conn or reply throws, and no other', async () => {
      const running = await packets();
      say(running, 'a.test one');
      await until(() => held[0]?.sent.length === 1);
      const [first] = held;
      if (first !== undefined) {
        first.onSend = () => {
          throw new TypeError('cannot send');
        };
      }
      say(running, 'a.test two');
      await until(() => first?.closed === true);
      say(running, 'a.test three');
      await until(() => held[1]?.sent.length === 1);
      held[1]?.sink?.onPacket(Buffer.alloc(0), from);
      expect(held[1]?.closed).toBe(true);
      await running.instance.close();
      expect(running.log()).toMatch(/cannot send/);
      expect(running.log()).toMatch(/an empty reply/);
    });

    it('goes on when one of several destinations is refused, and says so once', async () => {
      refuse = ({ host }) => host === 'blocked.test';
      let goOn: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      let openings = 0;
      opened = () => {
        openings += 1;
        // The refused one is known first, while the other is still being opened.
        return openings === 1 ? gate : Promise.resolve();
      };
      const running = await packets();
      say(running, 'good.test one');
      await until(() => openings === 1);
      for (let i = 0; i < 5; i += 1) say(running, 'blocked.test nothing');
      await until(() => running.log().includes('E_BLOCKED'));
      goOn();
      say(running, 'good.test two');
      await until(() => held[0]?.sent.length === 2);
      expect(held[0]?.sent).toEqual(['one', 'two']);
      await running.instance.close();
      expect(running.log().match(/rejected udp:blocked\.test:53 \[in0 -> -\]/g)).toHaveLength(1);
    });
  });
});
