import { once } from 'node:events';
import net from 'node:net';
import { loadObject, type SluiceConfig } from '@sluice/config';
import { corePlugin, createInstance, type Instance } from '@sluice/core';
import blackhole from '@sluice/plugin-blackhole';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import observatory from '@sluice/plugin-observatory';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../peers/process.js';
import { LogLines } from './runtime.fixture.js';

const plugins = [corePlugin, blackhole, dokodemoDoor, freedom, observatory];
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A TCP server on loopback that does with each connection as told. */
async function serve(onSocket: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

/** An outbound that leads everything to one server. */
const way = (name: string, port: number): object => ({
  tag: `way-${name}`,
  protocol: 'freedom',
  settings: { redirect: `127.0.0.1:${port}` },
});

interface Started {
  readonly instance: Instance;
  readonly errors: LogLines;
  /** What a connection through the instance is answered with, "" if it is refused. */
  ask(): Promise<string>;
  reload(config: object): Promise<void>;
}

async function start(config: object): Promise<Started> {
  const port = await freePort();
  const whole = (more: object): object => ({
    inbounds: [
      {
        tag: 'door',
        listen: '127.0.0.1',
        port,
        protocol: 'dokodemo-door',
        settings: { address: '127.0.0.1', port: 9 },
      },
    ],
    log: { loglevel: 'info' },
    ...more,
  });
  const next = { config: loadObject(whole(config), { plugins }).config };
  const errors = new LogLines();
  const instance = createInstance(whole(config), {
    plugins: plugins.slice(1),
    logTargets: { access: new LogLines().stream, error: errors.stream },
    source: () => Promise.resolve({ config: next.config as SluiceConfig, plugins }),
  });
  closing.push(() => instance.close({ drainMs: 0 }));
  await instance.start();
  return {
    instance,
    errors,
    async ask() {
      const socket = net.connect({ port, host: '127.0.0.1' });
      let said = '';
      socket.setEncoding('utf8').on('data', (text: string) => (said += text));
      socket.end('x');
      await once(socket, 'close');
      return said;
    },
    async reload(changed) {
      const { config: valid, diagnostics } = loadObject(whole(changed), { plugins });
      expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      next.config = valid;
      await instance.reload();
    },
  };
}

const routing = (strategy: unknown, more: object = {}): object => ({
  balancers: [{ tag: 'b', selector: ['way-'], strategy, ...more }],
  rules: [{ type: 'field', inboundTag: 'door', balancerTag: 'b' }],
});

describe('balancers of a running instance', () => {
  it('follow outbounds that come and go, and a choice by hand', async () => {
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map((name) => serve((socket) => void socket.resume().end(name))),
    );
    const direct = { tag: 'direct', protocol: 'freedom', settings: { redirect: `127.0.0.1:${c}` } };
    const running = await start({
      outbounds: [way('a', a as number), direct],
      routing: routing('roundRobin', { fallbackTag: 'direct' }),
    });
    const { control } = running.instance;
    const three = async (): Promise<string> =>
      [await running.ask(), await running.ask(), await running.ask()].sort().join('');
    expect(await three()).toBe('aaa');
    await control.addOutbound(way('b', b as number));
    expect(control.balancers()).toMatchObject([{ tag: 'b', strategy: 'roundRobin', members: ['way-a', 'way-b'] }]);
    expect(await three()).toMatch(/^(aab|abb)$/);
    control.overrideBalancer('b', 'direct');
    expect(await three()).toBe('ccc');
    await running.reload({
      outbounds: [way('a', a as number), direct],
      routing: routing('random', { fallbackTag: 'direct' }),
    });
    expect(control.balancers()).toMatchObject([{ strategy: 'random', members: ['way-a'], override: 'direct' }]);
    expect(await three()).toBe('ccc');
    control.overrideBalancer('b', undefined);
    expect(await three()).toBe('aaa');
    await control.removeOutbound('way-a');
    expect(await three()).toBe('ccc');
    expect(() => control.overrideBalancer('b', 'way-a')).toThrow(expect.objectContaining({ code: 'E_NOT_FOUND' }));
  });

  it('keep their choice while a reload exchanges their observatory', async () => {
    let answersProbes = true;
    const probed = await serve((socket) => {
      socket.once('data', (request: Buffer) => {
        if (answersProbes || !request.toString().startsWith('GET')) socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    const config = (probeURL: string): object => ({
      outbounds: [{ tag: 'nowhere', protocol: 'blackhole' }, way('a', probed)],
      routing: routing('leastPing'),
      observatory: { subjectSelector: ['way-'], probeURL, probeInterval: '200ms' },
    });
    const running = await start(config('http://127.0.0.1:9/'));
    await running.errors.line(/"way-a" is alive/);
    expect(await running.ask()).toMatch(/204/);
    answersProbes = false;
    await running.reload(config('http://127.0.0.1:10/'));
    expect(await running.ask()).toMatch(/204/);
    // Without any, nothing is known for good.
    await running.reload({ ...config(''), observatory: undefined, routing: routing('random') });
    expect(await running.ask()).toMatch(/204/);
  });

  it('leave nothing behind when they are closed among probes that nobody answers', async () => {
    let asked = 0;
    const silent = await serve((socket) => {
      asked += 1;
      socket.resume();
    });
    const running = await start({
      outbounds: Array.from({ length: 20 }, (_, index) => way(String(index), silent)),
      routing: routing({ type: 'leastLoad', settings: { expected: 3 } }),
      burstObservatory: { subjectSelector: ['way-'], pingConfig: { destination: 'http://127.0.0.1:9/' } },
    });
    await vi.waitFor(() => expect(asked).toBe(20));
    await running.instance.close({ drainMs: 0 });
    expect(running.instance.dataPlane).toMatchObject({ conns: 0, timers: 0, sessions: 0, buffers: { borrowed: 0 } });
    expect(running.errors.lines.filter((line) => /is dead|E_LIFECYCLE/.test(line))).toEqual([]);
  });
});
