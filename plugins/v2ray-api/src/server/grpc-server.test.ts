import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { clientOf, closeApis, hostApi, startApi } from '../api.fixture.js';

const STATS = 'v2ray.core.app.stats.command.StatsService';
const LOGGER = 'v2ray.core.app.log.command.LoggerService';
const ROUTING = 'v2ray.core.app.router.command.RoutingService';

afterEach(closeApis);

describe('the server', () => {
  test('has only the services that are asked for', async () => {
    const { client } = await startApi({ services: ['LoggerService'] });
    await client.call(LOGGER, 'RestartLogger');
    await expect(client.call(STATS, 'GetSysStats')).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
      details: 'no such method; "services" of the api says which services there are',
    });
  });

  test('listens itself, refuses what is taken, and frees the port', async () => {
    const { host } = await startApi({ listen: '127.0.0.1:0' });
    const port = Number(/^gRPC on 127\.0\.0\.1:(\d+)$/.exec(host.service.announce?.()[0] ?? '')?.[1]);
    const client = clientOf(port);
    await client.call(LOGGER, 'RestartLogger');
    await expect(hostApi({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'E_LISTEN_IN_USE' });
    await host.close();
    const socket = net.connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  test('takes no message above its limit', async () => {
    const { host, client } = await startApi();
    const name = 'x'.repeat(5 * 1024 * 1024);
    await expect(client.call(STATS, 'GetStats', { name })).rejects.toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
    });
    host.stats.counter('a');
    await client.call(STATS, 'GetStats', { name: 'a' });
  });

  test('takes no more connections than its limit, and has room again when some are gone', async () => {
    const { host } = await startApi();
    const sessions: http2.ClientHttp2Session[] = [];
    const connect = async (): Promise<boolean> => {
      const session = http2.connect(`http://127.0.0.1:${host.port}`);
      session.on('error', () => undefined);
      sessions.push(session);
      return new Promise((resolve) => {
        session.once('remoteSettings', () => session.ping((error) => resolve(error === null)));
        session.once('close', () => resolve(false));
      });
    };
    for (let i = 0; i < 64; i += 1) expect(await connect()).toBe(true);
    expect(await connect()).toBe(false);
    sessions[0]?.destroy();
    await vi.waitFor(async () => expect(await connect()).toBe(true));
    for (const session of sessions) session.destroy();
  });

  test.each([
    ['HTTP/1', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['noise', '\u0000\u0001\u0002\u0003'.repeat(64)],
  ])('hangs up on %s', async (_name, bytes) => {
    const { host, client } = await startApi();
    const socket = net.connect(host.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(bytes);
    await once(socket, 'close');
    await client.call(LOGGER, 'RestartLogger');
  });

  test('refuses what is no gRPC', async () => {
    const { host } = await startApi();
    const session = http2.connect(`http://127.0.0.1:${host.port}`);
    const request = session.request({ ':method': 'GET', ':path': '/' });
    const [headers] = (await once(request, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(415);
    session.destroy();
  });

  test('ends what is under way when it closes, and leaves nothing', async () => {
    const { host, client } = await startApi();
    const stream = client.watch(ROUTING, 'SubscribeRoutingStats');
    stream.on('data', () => undefined);
    const ended = once(stream, 'error') as Promise<[grpc.ServiceError]>;
    // once() rejects on 'error' unless that is the event it waits for.
    await vi.waitFor(() => expect(host.control.routeListeners.size).toBe(1));
    await host.close();
    expect((await ended)[0].code).toBe(grpc.status.UNAVAILABLE);
    expect(host.control.routeListeners.size).toBe(0);
    await vi.waitFor(() => expect(host.plane.state()).toMatchObject({ conns: 0, timers: 0 }));
    await host.service.close?.();
    await expect(host.service.outbounds?.['api']?.connect({} as never, {} as never)).rejects.toMatchObject({
      code: 'E_CLOSING',
    });
  });
});
