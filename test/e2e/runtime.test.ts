import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createInstance } from '@sluice/core';
import { definePlugin, defineOutbound, Type } from '@sluice/plugin-api';
import {
  connectTo,
  echo,
  gone,
  holdsNothing,
  plugins,
  readBytes,
  readToEnd,
  socksConnect,
  startInstance,
  startServer,
  type Running,
} from './runtime.fixture.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(config: Parameters<typeof startInstance>[0]): Promise<Running> {
  const running = await startInstance(config);
  cleanups.push(() => running.close());
  return running;
}

async function serve(onSocket: Parameters<typeof startServer>[0]): Promise<number> {
  const server = await startServer(onSocket);
  cleanups.push(() => server.close());
  return server.port;
}

describe('an instance', () => {
  it('routes by inboundTag, user, port and domain, first match first, the first outbound for the rest', async () => {
    const target = await serve(echo);
    const running = await start({
      log: { loglevel: 'debug', access: '' },
      inbounds: [
        { tag: 'a', protocol: 'socks', settings: { auth: 'noauth' } },
        { tag: 'b', protocol: 'socks', settings: { auth: 'noauth' } },
      ],
      outbounds: [
        { tag: 'direct', protocol: 'freedom' },
        { tag: 'nowhere', protocol: 'blackhole' },
      ],
      routing: {
        rules: [
          { type: 'field', inboundTag: ['a'], domain: ['full:blocked.test'], outboundTag: 'nowhere' },
          { type: 'field', inboundTag: ['b'], outboundTag: 'nowhere' },
        ],
      },
    });
    const direct = await connectTo(running.port('a'));
    expect(await socksConnect(direct, target)).toBe(0);
    direct.write('ping');
    expect((await readBytes(direct, 4)).toString()).toBe('ping');
    direct.end();
    expect(await running.access.line(/-> direct\]/)).toMatch(
      new RegExp(
        `127\\.0\\.0\\.1:\\d+ accepted tcp:127\\.0\\.0\\.1:${target} \\[a -> direct\\] rule: - up: 4 down: 4 time: \\d+ms end: done`,
      ),
    );
    for (const [tag, host, rule] of [
      ['a', 'blocked.test', 0],
      ['b', '127.0.0.1', 1],
    ] as const) {
      const refused = await connectTo(running.port(tag));
      await socksConnect(refused, target, host);
      expect(await readToEnd(refused)).toHaveLength(0);
      refused.destroy();
      expect(await running.access.line(new RegExp(`\\[${tag} -> nowhere\\]`))).toContain(`rule: ${rule}`);
    }
    await holdsNothing(running.instance);
  });

  it("counts by V2Ray's names where the switches are on, and nothing where they are off", async () => {
    const target = await serve(echo);
    const running = await start({
      stats: {},
      policy: {
        levels: { 0: { statsUserUplink: true, statsUserDownlink: true } },
        system: { statsInboundUplink: true, statsInboundDownlink: true, statsOutboundUplink: true },
      },
      inbounds: [
        { tag: 'in', protocol: 'socks', settings: { auth: 'password', accounts: [{ user: 'u', pass: 'p' }] } },
      ],
      outbounds: [{ tag: 'out', protocol: 'freedom' }],
    });
    const client = await connectTo(running.port('in'));
    client.write(Buffer.from([5, 1, 2]));
    await readBytes(client, 2);
    client.write(Buffer.from([1, 1, 0x75, 1, 0x70]));
    await readBytes(client, 2);
    client.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 0xff]));
    await readBytes(client, 10);
    client.end('hello');
    await readToEnd(client);
    await holdsNothing(running.instance);
    const counted = Object.fromEntries(running.instance.stats.query('>>>'));
    expect(counted).toEqual({
      'inbound>>>in>>>traffic>>>uplink': 3 + 5 + 10 + 5,
      'inbound>>>in>>>traffic>>>downlink': 2 + 2 + 10 + 5,
      'outbound>>>out>>>traffic>>>uplink': 5,
      'user>>>u>>>traffic>>>uplink': 5,
      'user>>>u>>>traffic>>>downlink': 5,
    });
  });

  it('leads an outbound through another one, and another', async () => {
    const target = await serve(echo);
    const far = await start({
      inbounds: [
        { tag: 'far-http', protocol: 'http' },
        { tag: 'far-socks', protocol: 'socks', settings: { auth: 'noauth' } },
      ],
      outbounds: [{ tag: 'direct', protocol: 'freedom' }],
      log: { access: '', loglevel: 'error' },
    });
    const near = await start({
      inbounds: [
        { tag: 'door', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: target, network: 'tcp' } },
      ],
      outbounds: [
        {
          tag: 'top',
          protocol: 'socks',
          settings: { servers: [{ address: '127.0.0.1', port: far.port('far-socks') }] },
          proxySettings: { tag: 'middle' },
        },
        {
          tag: 'middle',
          protocol: 'http',
          settings: { servers: [{ address: '127.0.0.1', port: far.port('far-http') }] },
          proxySettings: { tag: 'bottom' },
        },
        { tag: 'bottom', protocol: 'freedom' },
      ],
    });
    const client = await connectTo(near.port('door'));
    client.write('through three');
    expect((await readBytes(client, 13)).toString()).toBe('through three');
    client.end();
    expect(await readToEnd(client)).toHaveLength(0);
    expect(await far.access.line(/far-http -> direct/)).toContain(`tcp:127.0.0.1:${far.port('far-socks')}`);
    expect(await far.access.line(/far-socks -> direct/)).toContain(`tcp:127.0.0.1:${target}`);
    client.destroy();
    await holdsNothing(near.instance);
  });

  it('sends through the address it is told to', async () => {
    let seen: string | undefined;
    const target = await serve((socket) => {
      seen = socket.remoteAddress;
      socket.end('x');
    });
    const running = await start({
      inbounds: [
        { tag: 'door', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: target, network: 'tcp' } },
      ],
      outbounds: [{ protocol: 'freedom', sendThrough: '127.0.0.7' }],
    });
    expect((await readToEnd(await connectTo(running.port('door')))).toString()).toBe('x');
    expect(seen).toBe('127.0.0.7');
  });

  it('drains: connections go on, new ones are refused, and what is left is ended in time', async () => {
    const target = await serve(echo);
    const running = await start({
      inbounds: [
        { tag: 'door', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: target, network: 'tcp' } },
      ],
      outbounds: [{ protocol: 'freedom' }],
    });
    const port = running.port('door');
    const [ending, staying] = [await connectTo(port), await connectTo(port)];
    for (const socket of [ending, staying]) {
      socket.write('1');
      await readBytes(socket, 1);
    }
    const closed = running.instance.close({ drainMs: 500 });
    ending.write('2');
    expect((await readBytes(ending, 1)).toString()).toBe('2');
    await expect(connectTo(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    ending.end();
    expect(await readToEnd(ending)).toHaveLength(0);
    const cutOff = gone(staying);
    await closed;
    await cutOff;
    await holdsNothing(running.instance);
  });

  it('drains a plain HTTP request too, whose response is on its way', async () => {
    let asked: (socket: Socket) => void = () => undefined;
    const request = new Promise<Socket>((resolve) => (asked = resolve));
    const target = await serve((socket) => void socket.once('data', () => asked(socket)));
    const running = await start({
      log: { loglevel: 'warning', access: '' },
      inbounds: [{ tag: 'in', protocol: 'http' }],
      outbounds: [{ protocol: 'freedom' }],
    });
    const client = await connectTo(running.port('in'));
    client.write(`GET http://127.0.0.1:${target}/ HTTP/1.1\r\nHost: 127.0.0.1:${target}\r\nConnection: close\r\n\r\n`);
    const origin = await request;
    const closed = running.instance.close({ drainMs: 5000 });
    origin.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate');
    expect((await readToEnd(client)).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*late$/);
    client.destroy();
    await closed;
    await holdsNothing(running.instance);
    // One for the request, none for the connection that carried it.
    expect(running.access.lines).toEqual([expect.stringMatching(/\[in -> freedom\] .* end: done$/)]);
  });

  it('closes everything again when one inbound cannot listen, and names it', async () => {
    const target = await serve(echo);
    const config = {
      log: { loglevel: 'none' },
      inbounds: [
        { tag: 'free', listen: '127.0.0.2', port: target, protocol: 'socks', settings: { auth: 'noauth' } },
        { tag: 'taken', listen: '127.0.0.1', port: target, protocol: 'socks', settings: { auth: 'noauth' } },
      ],
      outbounds: [{ protocol: 'freedom' }],
    };
    const instance = createInstance(config, { plugins });
    await expect(instance.start()).rejects.toMatchObject({
      code: 'E_LISTEN_IN_USE',
      message: `inbound "taken" (socks) cannot listen: 127.0.0.1:${target} is already in use`,
    });
    expect(instance.inbounds.flatMap(({ listening }) => listening)).toEqual([]);
    await holdsNothing(instance);
    await expect(instance.start()).rejects.toMatchObject({ code: 'E_LIFECYCLE' });
  });

  it('lives beside a second instance that shares nothing with it', async () => {
    const target = await serve(echo);
    const config = {
      stats: {},
      policy: { system: { statsInboundUplink: true } },
      inbounds: [
        { tag: 'door', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: target, network: 'tcp' } },
      ],
      outbounds: [{ protocol: 'freedom' }],
    };
    const [one, two] = [await start(config), await start(config)];
    const client = await connectTo(one.port('door'));
    client.end('12345');
    await readToEnd(client);
    expect(one.instance.stats.query('').get('inbound>>>door>>>traffic>>>uplink')).toBe(5);
    expect(two.instance.stats.query('').get('inbound>>>door>>>traffic>>>uplink')).toBe(0);
    await one.close();
    const other = await connectTo(two.port('door'));
    other.write('x');
    expect((await readBytes(other, 1)).toString()).toBe('x');
    other.destroy();
  });

  it('is not held up by a handler that never closes', async () => {
    const stuck = definePlugin({
      name: 'stuck',
      version: '1.0.0',
      description: 'Never closes.',
      outbounds: {
        stuck: defineOutbound({
          description: 'Never closes.',
          schema: Type.Object({}),
          create: () => ({
            connect: () => new Promise(() => undefined),
            close: () => new Promise<void>(() => undefined),
          }),
        }),
      },
    });
    const config = {
      log: { loglevel: 'none' },
      inbounds: [],
      outbounds: [
        { tag: 'x', protocol: 'stuck' },
        { tag: 'y', protocol: 'freedom' },
      ],
    };
    const instance = createInstance(config, { plugins: [...plugins, stuck] });
    await instance.start();
    await instance.close({ drainMs: 0 });
    await expect(instance.start()).rejects.toMatchObject({ code: 'E_LIFECYCLE' });
  });

  it('names both owners of a name that two plugins contribute', () => {
    const twin = definePlugin({ ...plugins[2]!, name: 'twin' });
    const make = (): unknown =>
      createInstance({ outbounds: [{ protocol: 'freedom' }] }, { plugins: [...plugins, twin] });
    expect(make).toThrow(
      expect.objectContaining({
        code: 'E_REGISTRY_DUPLICATE',
        message: expect.stringMatching(/"freedom".*"twin".*"freedom"/) as string,
      }),
    );
  });

  it('refuses a broken configuration with every problem', () => {
    const make = (): unknown =>
      createInstance(
        {
          inbounds: [{ protocol: 'sock', port: 1 }],
          outbounds: [
            { protocol: 'freedom', tag: 'a' },
            { protocol: 'freedom', tag: 'a' },
          ],
        },
        { plugins },
      );
    expect(make).toThrow(expect.objectContaining({ code: 'E_CONFIG_INVALID' }));
  });
});
