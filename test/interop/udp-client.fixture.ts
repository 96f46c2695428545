import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'vitest';

export interface Datagram {
  readonly payload: Buffer;
  /** Of 127.0.0.1: whom it came from. */
  readonly port: number;
}

/** A UDP socket on 127.0.0.1 that keeps what has come until it is asked for. */
export class UdpClient {
  readonly port: number;
  protected readonly socket: dgram.Socket;
  protected readonly to: number;
  readonly #arrived: Datagram[] = [];
  #wake: (() => void) | undefined;

  protected constructor(socket: dgram.Socket, to: number) {
    this.socket = socket;
    this.to = to;
    this.port = socket.address().port;
    socket.on('message', (payload, from) => {
      this.#arrived.push(this.unwrap(payload, from.port));
      this.#wake?.();
    });
  }

  /** @param to whom it sends to when not told */
  static async open(to: number): Promise<UdpClient> {
    return new UdpClient(await bound(), to);
  }

  send(payload: Buffer, port = this.to): void {
    this.socket.send(payload, port, '127.0.0.1');
  }

  /** The next datagram; the test's time limit bounds the wait. */
  async receive(): Promise<Datagram> {
    for (;;) {
      const first = this.#arrived.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }

  protected unwrap(payload: Buffer, port: number): Datagram {
    return { payload, port };
  }
}

/** The same through a SOCKS server (RFC 1928, section 7), with its association. */
export class SocksUdpClient extends UdpClient {
  readonly #control: net.Socket;

  private constructor(socket: dgram.Socket, relay: number, control: net.Socket) {
    super(socket, relay);
    this.#control = control;
  }

  static override async open(server: number): Promise<SocksUdpClient> {
    const control = net.connect({ port: server, host: '127.0.0.1' });
    await once(control, 'connect');
    control.write(Buffer.of(5, 1, 0));
    expect([...(await read(control))]).toEqual([5, 0]);
    control.write(Buffer.of(5, 3, 0, 1, 0, 0, 0, 0, 0, 0));
    const answer = await read(control);
    expect([...answer.subarray(0, 4)]).toEqual([5, 0, 0, 1]);
    return new SocksUdpClient(await bound(), answer.readUInt16BE(8), control);
  }

  override send(payload: Buffer, port = this.to): void {
    const head = Buffer.of(0, 0, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff);
    super.send(Buffer.concat([head, payload]), this.to);
  }

  override async close(): Promise<void> {
    this.#control.destroy();
    await super.close();
  }

  protected override unwrap(packet: Buffer): Datagram {
    expect([...packet.subarray(0, 8)]).toEqual([0, 0, 0, 1, 127, 0, 0, 1]);
    return { payload: packet.subarray(10), port: packet.readUInt16BE(8) };
  }
}

/** Sends `rounds` datagrams of each size to each target, and awaits each one's echo from there. */
export async function expectEchoes(
  client: UdpClient,
  targets: readonly { readonly port: number }[],
  sizes: readonly number[],
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const size of sizes) {
      // All targets at once; their answers may overtake one another.
      const sent = targets.map(({ port }) => ({ port, payload: randomBytes(size) }));
      for (const { payload, port } of sent) client.send(payload, port);
      const back: Datagram[] = [];
      while (back.length < sent.length) back.push(await client.receive());
      expect(back.sort((a, b) => a.port - b.port)).toEqual(sent.sort((a, b) => a.port - b.port));
    }
  }
}

async function bound(): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function read(socket: net.Socket): Promise<Buffer> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk;
}
