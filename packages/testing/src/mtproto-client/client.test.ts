import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openHeader } from '../fake-dc/obfuscation.js';
import { connectMtproto, type MtprotoClient, type MtprotoClientOptions } from './client.js';
import { createClientHello, fragmentRecord, type FakeClientHello } from './fake-tls/client-hello.js';
import { flightTo } from './fake-tls/flight.fixture.js';
import { encodeRecords } from './fake-tls/records.js';

const key = randomBytes(16);
const domain = 'a.example';
const secret = `ee${key.toString('hex')}${Buffer.from(domain).toString('hex')}`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Bytes as they come in at the proxy. */
class Side {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.pause();
  }

  async read(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk === null) await once(this.socket, 'readable');
      else this.#bytes = Buffer.concat([this.#bytes, chunk]);
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}

/** A proxy that answers with what `answer` makes of the hello; then the test goes on by hand. */
async function connect(
  answer: (hello: Buffer) => Buffer,
  options: Partial<MtprotoClientOptions> & { readonly helloBytes?: number } = {},
): Promise<{ client: Promise<MtprotoClient>; proxy: Side; hello: Buffer }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connectMtproto({ host: '127.0.0.1', port, secret, ...options });
  cleanups.push(() => client.then((made) => made.close()).catch(() => undefined));
  const [socket] = await accepted;
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  const proxy = new Side(socket);
  let hello: Buffer;
  if (options.helloBytes === undefined) {
    const start = await proxy.read(5);
    hello = Buffer.concat([start, await proxy.read(start.readUInt16BE(3))]);
  } else {
    hello = await proxy.read(options.helloBytes);
  }
  socket.write(answer(hello));
  return { client, proxy, hello };
}

const right = (hello: Buffer): Buffer => flightTo(hello, key);

describe('connectMtproto under an ee secret', () => {
  it('shakes hands, sends its header behind a ChangeCipherSpec, and talks in records', async () => {
    const { client: connecting, proxy, hello } = await connect(right);
    const client = await connecting;
    expect(hello.includes(domain)).toBe(true);
    expect(client.tls?.flight).toMatchObject({ cipherSuite: 0x1301, encryptedLength: 500 });
    expect((await proxy.read(6 + 5)).toString('hex')).toBe('140303000101' + '1703030040');
    const opened = openHeader(await proxy.read(64), key);
    expect(opened).toMatchObject({ tag: 'padded', dc: 2 });
    client.send(Buffer.alloc(3000, 'x'));
    expect((await proxy.read(5)).toString('hex')).toBe('1703030b3e');
    const first = await proxy.read(2878);
    expect((await proxy.read(5)).toString('hex')).toBe('170303007a');
    expect(opened.decrypt(Buffer.concat([first, await proxy.read(122)])).toString()).toBe('x'.repeat(3000));
    const records = encodeRecords(opened.encrypt(Buffer.from('hello again')), 4);
    for (const byte of records) proxy.socket.write(Buffer.of(byte));
    expect((await client.read(11)).toString()).toBe('hello again');
    expect(client.tls?.recordLengths).toEqual([4, 4, 3]);
  });

  it('refuses a proxy that does not know the secret', async () => {
    const { client } = await connect((hello) => flightTo(hello, randomBytes(16)));
    await expect(client).rejects.toThrow('digest');
  });

  it('refuses a second record in the first flight', async () => {
    const { client } = await connect((hello) => Buffer.concat([right(hello), encodeRecords(Buffer.alloc(9))]));
    await expect(client).rejects.toThrow('14 bytes came behind the first flight');
  });

  it('refuses a proxy that speaks before it has spoken', async () => {
    const { client: connecting, proxy } = await connect(right, { sendHeader: 'by-hand' });
    const client = await connecting;
    proxy.socket.write(encodeRecords(Buffer.from('early')));
    await expect(client.read(5)).rejects.toThrow('spoke again');
  });

  it.each([
    ['an alert', '15030300020100'],
    ['a ChangeCipherSpec', '140303000101'],
    ['an empty record', '1703030000'],
    ['a record of more than 16 KiB', '1703034001'],
  ])('refuses %s later', async (_, hex) => {
    const { client: connecting, proxy } = await connect(right);
    const client = await connecting;
    proxy.socket.write(Buffer.from(hex, 'hex'));
    await expect(client.readToEnd()).rejects.toMatchObject({ name: 'FakeTlsError' });
  });

  it('says hello as it is told to', async () => {
    const mine = createClientHello({ key, serverName: 'other.example' });
    const cut = fragmentRecord(mine.record, [1, 200]);
    const tls = { hello: mine, recordCuts: [1, 200], writeCuts: [3, 4, 700], recordLength: 10 };
    const answer = (bytes: Buffer): Buffer => {
      expect(bytes).toEqual(cut);
      return flightTo(mine.record, key);
    };
    const { client, proxy } = await connect(answer, { helloBytes: cut.length, tls });
    expect((await client).tls?.hello).toBe<FakeClientHello>(mine);
    expect((await proxy.read(6 + 5)).readUInt16BE(9)).toBe(10);
  });

  it.each(['ee', 'dd00', `ee${'00'.repeat(16)}`, `${'00'.repeat(16)}zz`, 'xx'.repeat(16), ''])(
    'knows no secret "%s"',
    async (bad) => {
      await expect(connectMtproto({ host: '127.0.0.1', port: 1, secret: bad })).rejects.toBeInstanceOf(TypeError);
    },
  );
});
