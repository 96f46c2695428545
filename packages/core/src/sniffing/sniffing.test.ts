import { once } from 'node:events';
import dgram from 'node:dgram';
import { Writable } from 'node:stream';
import { loadObject } from '@sluice/config';
import {
  defineInbound,
  defineOutbound,
  definePlugin,
  defineService,
  destination,
  formatDestination,
  parseDestination,
  SluiceError,
  Type,
  type Destination,
  type Inbound,
} from '@sluice/plugin-api';
import { afterEach, describe, expect, it } from 'vitest';
import { corePlugin } from '../core-plugin.js';
import { closed, connected, echoServer, freePort, NOTHING_LEFT, portOf } from '../instance.fixture.js';
import { Instance } from '../instance.js';

/** A request that shows in what comes back whether all of it arrived. */
const REQUEST = 'GET / HTTP/1.1\r\nUser-Agent: test\r\nHost: Www.Example.ORG:8080\r\n\r\n';
const FAKE = '198.18.0.1';

interface Way {
  readonly instance: Instance;
  readonly port: number;
  /** Where the outbound was asked to connect, and by which rule. */
  readonly asked: string[];
  readonly log: () => string;
}

const running: { instance: Instance; close: () => void }[] = [];

/** An instance whose inbound leads everybody to one target, which answers with what it gets. */
async function way(sniffing: object | undefined, options: { to?: string; rules?: object[] } = {}): Promise<Way> {
  const { server, to: echo } = await echoServer();
  const packetEcho = dgram.createSocket('udp4', (message, from) => packetEcho.send(message, from.port, from.address));
  await new Promise<void>((resolve) => packetEcho.bind(0, '127.0.0.1', resolve));
  const asked: string[] = [];
  const target =
    options.to === undefined ? destination('tcp', '203.0.113.7', 8080) : parseDestination('tcp', options.to);
  const plugin = definePlugin({
    name: 'test',
    version: '0.0.0',
    description: 'For tests.',
    inbounds: {
      way: defineInbound<object>({
        description: 'A test.',
        schema: Type.Object({}),
        networks: () => ['tcp', 'udp'],
        create: ({ dispatcher, packets }): Inbound => ({
          async accept(link, session) {
            const goAhead = (): void => link.write(Buffer.from('+'));
            const upstream = await dispatcher.connect(session, target, { client: link, goAhead });
            dispatcher.relay(session, link, upstream);
          },
          packet(payload, source, local, reply) {
            const to: Destination = { ...target, network: 'udp' };
            packets.send({ source, local, to, payload }, (back, from) =>
              reply(Buffer.from(`${from.address}:${from.port} ${back.length}`)),
            );
          },
        }),
      }),
    },
    outbounds: Object.fromEntries(
      ['first', 'other'].map((name) => [
        name,
        defineOutbound<object>({
          description: 'A test.',
          schema: Type.Object({}),
          create: ({ dialer }) => ({
            connect: (session, to) => {
              asked.push(`${name} ${formatDestination(to)} ${session.sniffed?.protocol ?? '-'}`);
              return dialer.dial(session, echo);
            },
            openPackets: async (session, to) => {
              asked.push(`${name} ${formatDestination(to)} ${session.sniffed?.protocol ?? '-'}`);
              const inner = await dialer.openPackets(session, to);
              const { port } = packetEcho.address();
              return {
                attach: (sink) => inner.attach(sink),
                send: (payload) => inner.send(payload, destination('udp', '127.0.0.1', port)),
                close: () => inner.close(),
              };
            },
          }),
        }),
      ]),
    ),
    services: {
      names: defineService<object>({
        description: 'A test.',
        schema: Type.Object({}),
        create: ({ useDns }) => ({
          start: () =>
            useDns({
              resolve: () => Promise.reject(new SluiceError('E_DNS_NOT_FOUND', 'nothing')),
              answer: (query) => Promise.resolve(query),
              nameOf: (address) => (address === FAKE ? 'made-up.example' : undefined),
            }),
        }),
      }),
    },
  });
  const plugins = [corePlugin, plugin];
  const { config, diagnostics } = loadObject(
    {
      log: { loglevel: 'info' },
      inbounds: [
        { tag: 'in', listen: '127.0.0.1', port: await freePort(), protocol: 'way', ...(sniffing && { sniffing }) },
      ],
      outbounds: [
        { tag: 'first', protocol: 'first' },
        { tag: 'other', protocol: 'other' },
      ],
      routing: { rules: (options.rules ?? []).map((rule) => ({ type: 'field', outboundTag: 'other', ...rule })) },
      names: {},
    },
    { plugins },
  );
  if (config === undefined) throw new SluiceError('E_CONFIG_INVALID', JSON.stringify(diagnostics));
  const chunks: Buffer[] = [];
  const memory = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  const instance = new Instance(config, { plugins, logTargets: { error: memory, access: memory } });
  await instance.start();
  const close = (): void => {
    server.close();
    packetEcho.close();
  };
  running.push({ instance, close });
  return { instance, port: portOf(instance), asked, log: () => Buffer.concat(chunks).toString() };
}

/** Says all of it, in pieces if wanted, and gives what came back until nothing more is missing. */
async function exchange(
  port: number,
  said: string,
  pieces: (text: string) => string[] = (text) => [text],
): Promise<string> {
  const socket = connected(port);
  let back = '';
  const complete = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      back += chunk.toString();
      if (back.replace(/^\+/, '').length >= said.length) resolve();
    });
    socket.on('close', () => resolve());
  });
  socket.setNoDelay(true);
  for (const piece of pieces(said)) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await complete;
  socket.destroy();
  return back;
}

afterEach(async () => {
  for (const { instance, close } of running.splice(0)) {
    await instance.close({ drainMs: 0 });
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
    close();
  }
});

const ON = { enabled: true, destOverride: ['http', 'tls'] };

describe('sniffing a connection', () => {
  it('puts the name in the place of the target, and routes by it', async () => {
    const { port, asked, log } = await way(ON, { rules: [{ domain: ['full:www.example.org'] }] });
    expect(await exchange(port, REQUEST)).toBe(`+${REQUEST}`);
    expect(asked).toEqual(['other tcp:www.example.org:8080 http']);
    await expect.poll(log).toMatch(/accepted tcp:www\.example\.org:8080 \[in -> other\]/);
  });

  it('comes to the same however the first bytes arrive', async () => {
    const { port, asked } = await way(ON, { rules: [{ protocol: ['http'] }] });
    expect(await exchange(port, REQUEST, (text) => text.split(''))).toBe(`+${REQUEST}`);
    expect(await exchange(port, REQUEST, (text) => [text.slice(0, 40), text.slice(40)])).toBe(`+${REQUEST}`);
    expect(new Set(asked)).toEqual(new Set(['other tcp:www.example.org:8080 http']));
  });

  it('leaves the target alone where only the rules are to know the name', async () => {
    const { port, asked } = await way({ ...ON, routeOnly: true }, { rules: [{ domain: ['domain:example.org'] }] });
    expect(await exchange(port, REQUEST)).toBe(`+${REQUEST}`);
    expect(asked).toEqual(['other tcp:203.0.113.7:8080 http']);
    // The address is still what it was, and nothing has to be resolved for it.
    const byAddress = await way({ ...ON, routeOnly: true }, { rules: [{ ip: ['203.0.113.0/24'] }] });
    await exchange(byAddress.port, REQUEST);
    expect(byAddress.asked).toEqual(['other tcp:203.0.113.7:8080 http']);
  });

  it('finds the protocol, but takes no name that is not wanted or excluded', async () => {
    const rules = [{ protocol: 'http' }];
    const unwanted = await way({ enabled: true, destOverride: ['tls'] }, { rules });
    await exchange(unwanted.port, REQUEST);
    const excluded = await way({ ...ON, domainsExcluded: ['WWW.example.org'] }, { rules });
    await exchange(excluded.port, REQUEST);
    expect([...unwanted.asked, ...excluded.asked]).toEqual(Array(2).fill('other tcp:203.0.113.7:8080 http'));
  });

  it('waits a little for a client that says nothing, and not at all where servers speak first', async () => {
    for (const to of ['203.0.113.7:8080', '203.0.113.7:25']) {
      const { port, asked } = await way(ON, { to });
      const socket = connected(port);
      expect(String((await once(socket, 'data'))[0])).toBe('+');
      await expect.poll(() => asked).toEqual([`first tcp:${to} -`]);
      socket.write('at last');
      expect(String((await once(socket, 'data'))[0])).toBe('at last');
      socket.destroy();
    }
  });

  it('goes on at once when it cannot be anything, and with a client that has ended its direction', async () => {
    const { port, asked } = await way(ON);
    const junk = '\u0001\u0002 no protocol at all';
    expect(await exchange(port, junk)).toBe(`+${junk}`);
    const socket = connected(port);
    socket.end('GET ');
    let back = '';
    socket.on('data', (chunk: Buffer) => (back += chunk.toString()));
    await closed(socket);
    expect(back).toBe('+GET ');
    expect(asked).toEqual(Array(2).fill('first tcp:203.0.113.7:8080 -'));
  });

  it('ends with a client that goes', async () => {
    const { instance, port } = await way(ON);
    const socket = connected(port);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await expect.poll(() => instance.dataPlane.conns).toBe(0);
  });

  it('asks for nothing and looks at nothing where it is off', async () => {
    const { port, asked } = await way(undefined, { rules: [{ protocol: 'http' }] });
    expect(await exchange(port, REQUEST)).toBe(REQUEST);
    expect(asked).toEqual(['first tcp:203.0.113.7:8080 -']);
  });

  it('knows the name behind a made-up address without a byte', async () => {
    for (const sniffing of [
      { enabled: true, destOverride: ['fakedns'], metadataOnly: true },
      { enabled: true, destOverride: ['http', 'fakedns'], routeOnly: true },
    ]) {
      const { port, asked } = await way(sniffing, { to: `${FAKE}:443`, rules: [{ domain: ['full:made-up.example'] }] });
      expect(await exchange(port, 'anything')).toMatch(/anything$/);
      expect(asked).toEqual(['other tcp:made-up.example:443 fakedns']);
    }
  });
});

describe('sniffing packets', () => {
  const query = Buffer.from('123401000001000000000000076578616d706c65036f72670000010001', 'hex');

  async function answered(port: number, packets: readonly Buffer[]): Promise<string[]> {
    const socket = dgram.createSocket('udp4');
    const back: string[] = [];
    await new Promise<void>((resolve) => {
      socket.on('message', (message) => {
        back.push(message.toString());
        if (back.length === packets.length) resolve();
      });
      for (const packet of packets) socket.send(packet, port, '127.0.0.1');
    });
    socket.close();
    return back;
  }

  it('finds the protocol in the first packet', async () => {
    const { port, asked } = await way(ON, { rules: [{ protocol: 'dns' }] });
    expect(await answered(port, [query, query])).toHaveLength(2);
    expect(asked).toEqual(['other udp:203.0.113.7:8080 dns']);
  });

  it('goes on with what nobody knows', async () => {
    const { port, asked } = await way(ON);
    expect(await answered(port, [Buffer.from('hello'), Buffer.from('you')])).toHaveLength(2);
    expect(asked).toEqual(['first udp:203.0.113.7:8080 -']);
  });

  it('answers from the address that the client asked for, though another was taken', async () => {
    const { port, asked } = await way({ enabled: true, destOverride: ['fakedns'] }, { to: `${FAKE}:53` });
    const [back] = await answered(port, [query]);
    expect(asked).toEqual(['first udp:made-up.example:53 fakedns']);
    expect(back).toMatch(/ 29$/);
  });
});
