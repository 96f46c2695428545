import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { pingThrough, type TelegramClient } from '../peers/telegram/ping.js';
import { clientHello, fragmented, isSignedAnswer, signHello } from './client-hello.js';
import { siteName, startFronted, type Fronted } from './mtproto-fronting.fixture.js';
import { runProbe, type Step, type Transcript } from './prober.js';

const patience = 2;

describePeers('a hello sent again', ['nginx', 'openssl'], () => {
  let fronted: Fronted;

  beforeAll(async () => {
    fronted = await startFronted({
      patience,
      inbounds: ({ unixPath }) => ({ tls: {}, unix: { fronting: { host: unixPath } } }),
    });
  });

  afterAll(() => fronted.close());

  const send = (port: number, ...steps: readonly Step[]): Promise<Transcript> =>
    runProbe({ name: 'a recorded hello', steps }, { host: '127.0.0.1', port }, { patience: patience * 1000 });

  /** Each inbound remembers for itself. */
  async function expectFrontedOnce(hello: Buffer, tag: string): Promise<void> {
    const { nginx, program, key } = fronted;
    const first = await send(program.port(tag), { send: hello }, 'answer', 'reset');
    expect(isSignedAnswer(first.bytes, hello, key)).toBe(true);
    const ways: readonly (readonly Step[])[] = [
      [{ send: hello }],
      [{ send: hello }, 'end'],
      [{ trickle: hello }, 'end'],
      [{ send: hello }, 'answer', { send: Buffer.alloc(100, 0x17) }],
      [{ send: fragmented(hello, 100) }, 'end'],
    ];
    await Promise.all(
      ways.map(async (steps) => {
        const [direct, again] = await Promise.all([send(nginx.port, ...steps), send(program.port(tag), ...steps)]);
        expect(isSignedAnswer(again.bytes, hello, key)).toBe(false);
        expect(direct.seen[0]).toMatch(/ServerHello/);
        // A user is answered as the site would begin.
        expect(first.seen[0]).toBe(direct.seen[0]);
        expect(again.seen).toEqual(direct.seen);
      }),
    );
  }

  it.each(['tdlib', 'mtcute'] as const)('is fronted the second time: recorded from %s', async (client) => {
    const hello = await recordHello(client, fronted.secret);
    await Promise.all(['tls', 'unix'].map((tag) => expectFrontedOnce(hello, tag)));
  });

  it('is answered the first time by as many bytes as the site sends', async () => {
    const fresh = (): Buffer => signHello(clientHello({ serverName: siteName }), fronted.key);
    const direct = await send(fronted.nginx.port, { send: fresh() }, 'end');
    // The site is measured in the background.
    const answered = async (): Promise<number> => {
      const hello = fresh();
      const { bytes } = await send(fronted.program.port('tls'), { send: hello }, 'answer', 'reset');
      expect(isSignedAnswer(bytes, hello, fronted.key)).toBe(true);
      return bytes.length;
    };
    await expect.poll(answered, { timeout: 15_000, interval: 200 }).toBe(direct.bytes.length);
  });

  it('is fronted the second time: of a few hundred bytes', async () => {
    await expectFrontedOnce(signHello(clientHello({ serverName: siteName }), fronted.key), 'tls');
  });
});

/** The first record that a real client sends to a proxy that says nothing. */
async function recordHello(client: TelegramClient, secret: string): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const recorded = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket) => {
      let bytes = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) return;
        resolve(bytes);
        socket.destroy();
      });
    });
  });
  const pinged = pingThrough(client, { host: '127.0.0.1', port, secret }, 4_000);
  try {
    const nothing = pinged.then(() => Buffer.alloc(0));
    const hello = await Promise.race([recorded, nothing]);
    if (hello.length === 0) throw new Error(`${client} has sent no hello: ${JSON.stringify(await pinged)}`);
    return hello;
  } finally {
    server.close();
    await pinged;
  }
}
