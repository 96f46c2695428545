import { once } from 'node:events';
import dgram from 'node:dgram';
import { describe, expect, it } from 'vitest';
import {
  destination,
  listenUdp,
  SluiceError,
  SystemResolver,
  UdpConn,
  type Endpoint,
  type Resolver,
  type UdpListener,
} from '../index.js';

const LOOPBACK = '127.0.0.1';

/** A bound Node socket, to send to and from. */
async function peer(): Promise<{ socket: dgram.Socket; port: number }> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

/** A resolver that answers when told to. */
class SlowResolver implements Resolver {
  asked = 0;
  #answers: (() => void)[] = [];

  resolve(): Promise<string[]> {
    this.asked += 1;
    return new Promise((resolve) => this.#answers.push(() => resolve([LOOPBACK])));
  }

  answer(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }
}

describe('listenUdp', () => {
  it('drops what is sent after it was closed, and what is sent to port 0', async () => {
    const listener = await listenUdp(
      LOOPBACK,
      0,
      () => undefined,
      () => undefined,
    );
    expect(() => listener.send(Buffer.from('x'), { address: LOOPBACK, port: 0 })).not.toThrow();
    await Promise.all([listener.close(), listener.close()]);
    expect(() => listener.send(Buffer.from('x'), { address: LOOPBACK, port: 9 })).not.toThrow();
  });

  it('reports what the receiver of a packet throws, and listens on', async () => {
    const { socket } = await peer();
    const received: string[] = [];
    let listener: UdpListener | undefined;
    const reported = new Promise<SluiceError>((resolve) => {
      void listenUdp(
        LOOPBACK,
        0,
        (payload) => {
          received.push(payload.toString());
          if (received.length === 1) throw new SluiceError('E_PROTOCOL', 'not a packet of ours');
          listener?.send(Buffer.from('fine'), { address: LOOPBACK, port: socket.address().port });
        },
        resolve,
      ).then((opened) => {
        listener = opened;
        socket.send('bad', opened.endpoint.port, LOOPBACK);
      });
    });
    expect(await reported).toMatchObject({ code: 'E_PROTOCOL' });
    socket.send('good', listener?.endpoint.port ?? 0, LOOPBACK);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString()).toBe('fine');
    expect(received).toEqual(['bad', 'good']);
    socket.close();
    await listener?.close();
  });
});

describe('UdpConn', () => {
  it('lets a bounded number of packets wait for a name', async () => {
    const { socket, port } = await peer();
    const resolver = new SlowResolver();
    const conn = new UdpConn({ resolver });
    let arrived = 0;
    socket.on('message', () => (arrived += 1));
    for (let i = 0; i < 1000; i += 1) conn.send(Buffer.alloc(10), destination('udp', `host${i % 100}.test`, port));
    expect(resolver.asked).toBe(32);
    resolver.answer();
    // Those that waited have let others in by now.
    await new Promise((resolve) => setImmediate(resolve));
    conn.send(Buffer.from('last'), destination('udp', LOOPBACK, port));
    await new Promise<void>((resolve) => {
      socket.on('message', (payload) => payload.toString() === 'last' && resolve());
    });
    expect(arrived).toBe(33);
    conn.send(Buffer.alloc(10), destination('udp', 'host99.test', port));
    expect(resolver.asked).toBe(33);
    conn.close();
    socket.close();
  });

  it('outlives packets that cannot be sent: too large, to port 0, to a port where nobody listens', async () => {
    const { socket, port } = await peer();
    const closed = await peer();
    closed.socket.close();
    const conn = new UdpConn({ resolver: new SystemResolver() });
    const ends: unknown[] = [];
    const answers: Endpoint[] = [];
    const answered = new Promise<void>((resolve) => {
      conn.attach({
        onPacket: (_payload, from) => {
          answers.push(from);
          resolve();
        },
        onClose: (error) => ends.push(error),
      });
    });
    socket.on('message', (_payload, from) => socket.send('back', from.port, from.address));
    conn.send(Buffer.alloc(70_000), destination('udp', LOOPBACK, port));
    conn.send(Buffer.alloc(1), destination('udp', LOOPBACK, 0));
    conn.send(Buffer.alloc(1), destination('udp', LOOPBACK, closed.port));
    conn.send(Buffer.from('there'), destination('udp', LOOPBACK, port));
    await answered;
    expect(answers).toEqual([{ address: LOOPBACK, port }]);
    expect(ends).toEqual([]);
    conn.close();
    conn.close();
    conn.send(Buffer.from('late'), destination('udp', LOOPBACK, port));
    expect(ends).toEqual([undefined]);
    socket.close();
  });

  it('ends with the error of a sink that throws, not with the process', async () => {
    const { socket, port } = await peer();
    const conn = new UdpConn({ resolver: new SystemResolver() });
    const closed = new Promise<Error | undefined>((resolve) => {
      conn.attach({
        onPacket: () => {
          throw new TypeError('a fault of a plugin');
        },
        onClose: resolve,
      });
    });
    socket.on('message', (_payload, from) => socket.send('back', from.port, from.address));
    conn.send(Buffer.from('there'), destination('udp', LOOPBACK, port));
    expect(await closed).toMatchObject({ code: 'E_INTERNAL', message: 'a fault of a plugin' });
    socket.close();
  });

  it('says why its address cannot be bound', async () => {
    const conn = new UdpConn({ resolver: new SystemResolver(), localAddress: '192.0.2.1' });
    const closed = new Promise<Error | undefined>((resolve) => {
      conn.attach({ onPacket: () => undefined, onClose: resolve });
    });
    conn.send(Buffer.from('x'), destination('udp', LOOPBACK, 9));
    expect(await closed).toMatchObject({ code: 'E_UDP_FAILED' });
  });
});
