import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import grpc from '@grpc/grpc-js';
import { ipToBytes, SluiceError } from '@sluice/plugin-api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hostApi, type ApiHost } from './api.fixture.js';
import { GrpcClient } from './grpc-client.fixture.js';
import { AddUserOperation, RemoveUserOperation } from './protos/proxyman.js';
import { encode } from './protos/registry.js';
import { MtprotoAccount, ReceiverConfig, SocksAccount, SocksServer } from './protos/settings.js';
import type { ApiSettings } from './schema.js';

const STATS = 'v2ray.core.app.stats.command.StatsService';
const HANDLER = 'v2ray.core.app.proxyman.command.HandlerService';
const LOGGER = 'v2ray.core.app.log.command.LoggerService';
const ROUTING = 'v2ray.core.app.router.command.RoutingService';
const OBSERVATORY = 'v2ray.core.app.observatory.command.ObservatoryService';
const REFLECTION = 'grpc.reflection.v1alpha.ServerReflection';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(settings: Partial<ApiSettings> = {}): Promise<{ host: ApiHost; client: GrpcClient }> {
  const host = await hostApi(settings);
  open.push(host);
  const client = new GrpcClient(host.port);
  open.push(client);
  return { host, client };
}

describe('StatsService', () => {
  test('reads, queries and resets counters', async () => {
    const { host, client } = await start();
    host.stats.counter('inbound>>>a>>>traffic>>>uplink').add(7);
    host.stats.counter('inbound>>>a>>>traffic>>>downlink').add(2 ** 52 + 1);
    host.stats.counter('user>>>x>>>traffic>>>uplink').add(1);
    const names = async (request: object): Promise<unknown> =>
      ((await client.call(STATS, 'QueryStats', { ...request }))['stat'] as { name: string }[]).map(({ name }) => name);
    const name = 'inbound>>>a>>>traffic>>>downlink';
    expect(await client.call(STATS, 'GetStats', { name })).toMatchObject({ stat: { name, value: 2n ** 52n + 1n } });
    expect(await client.call(STATS, 'GetStats', { name, reset: true })).toMatchObject({
      stat: { value: 2n ** 52n + 1n },
    });
    expect(await client.call(STATS, 'GetStats', { name })).toMatchObject({ stat: { value: 0n } });
    expect(await names({})).toHaveLength(3);
    expect(await names({ pattern: 'user>>>' })).toEqual(['user>>>x>>>traffic>>>uplink']);
    expect(await names({ patterns: ['user>>>', 'downlink'] })).toEqual([name, 'user>>>x>>>traffic>>>uplink']);
    expect(await names({ patterns: ['^inbound>>>.*link$'], regexp: true })).toHaveLength(2);
    expect(await names({ patterns: ['^link$'], regexp: true })).toEqual([]);
    await client.call(STATS, 'QueryStats', { pattern: 'inbound', reset: true });
    expect([...host.stats.query('').values()]).toEqual([0, 0, 1]);
    await expect(client.call(STATS, 'GetStats', { name: 'none' })).rejects.toMatchObject({
      code: grpc.status.NOT_FOUND,
      details: 'there is no counter "none"',
    });
    await expect(client.call(STATS, 'QueryStats', { patterns: ['('], regexp: true })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
  });

  test('describes the process', async () => {
    const { client } = await start();
    const answer = await client.call(STATS, 'GetSysStats');
    expect(answer['Uptime']).toBeGreaterThanOrEqual(5);
    expect(answer['NumGoroutine']).toBeGreaterThan(0);
    expect(Number(answer['Sys'])).toBeGreaterThan(1e6);
    expect(Number(answer['Alloc'])).toBeGreaterThan(1e6);
  });

  test("answers under Xray's name, too", async () => {
    const { host, client } = await start();
    host.stats.counter('a').add(1);
    const answer = await client.call('xray.app.stats.command.StatsService', 'GetStats', { name: 'a' });
    expect(answer).toMatchObject({ stat: { name: 'a', value: 1n } });
  });
});

describe('HandlerService', () => {
  const inbound = {
    tag: 'in',
    receiverSettings: {
      type: ReceiverConfig.typeName,
      value: encode(ReceiverConfig, {
        portRange: { From: 1080, To: 1080 },
        listen: { address: { case: 'ip', value: ipToBytes('127.0.0.1') } },
      }),
    },
    proxySettings: { type: SocksServer.typeName, value: encode(SocksServer, {}) },
  };
  const json = (value: unknown): object => ({
    type: 'sluice.config.Json',
    value: new TextEncoder().encode(JSON.stringify(value)),
  });

  test('adds and removes inbounds and outbounds', async () => {
    const { host, client } = await start();
    await client.call(HANDLER, 'AddInbound', { inbound });
    await client.call(HANDLER, 'RemoveInbound', { tag: 'in' });
    await client.call(HANDLER, 'AddOutbound', {
      outbound: { tag: 'out', proxySettings: json({ protocol: 'third-party', settings: { a: 1 } }) },
    });
    await client.call(HANDLER, 'RemoveOutbound', { tag: 'out' });
    expect(host.control.calls).toEqual([
      ['addInbound', { tag: 'in', listen: '127.0.0.1', port: 1080, protocol: 'socks', settings: { auth: 'noauth' } }],
      ['removeInbound', 'in'],
      ['addOutbound', { tag: 'out', protocol: 'third-party', settings: { a: 1 } }],
      ['removeOutbound', 'out'],
    ]);
    expect(host.logger.lines).toEqual([
      'info inbound "in" added',
      'info inbound "in" removed',
      'info outbound "out" added',
      'info outbound "out" removed',
    ]);
  });

  test('adds and removes users, and keeps their secrets to itself', async () => {
    const { host, client } = await start();
    const alter = (tag: string, type: { typeName: string }, value: Uint8Array, service = HANDLER): Promise<object> =>
      client.call(service, 'AlterInbound', { tag, operation: { type: type.typeName, value } });
    const add = (account: { type: string; value: Uint8Array }, user = {}): Uint8Array =>
      encode(AddUserOperation, { user: { ...user, account } });
    const socks = {
      type: SocksAccount.typeName,
      value: encode(SocksAccount, { username: 'x', password: 'hush-hush' }),
    };
    const secret = Uint8Array.from({ length: 16 }, (_, index) => index);
    const mtproto = { type: MtprotoAccount.typeName, value: encode(MtprotoAccount, { secret }) };
    await alter('s', AddUserOperation, add(socks));
    await alter('m', AddUserOperation, add(mtproto, { email: 'a@b', level: 2 }));
    await alter('p', AddUserOperation, add(json({ id: 7 }) as never));
    await alter('s', RemoveUserOperation, encode(RemoveUserOperation, { email: 'x' }));
    const xray = { typeName: 'xray.app.proxyman.command.RemoveUserOperation' };
    await alter('s', xray, encode(RemoveUserOperation, { email: 'y' }), 'xray.app.proxyman.command.HandlerService');
    expect(host.control.calls).toEqual([
      ['addUser', 's', { user: 'x', pass: 'hush-hush' }],
      ['addUser', 'm', { email: 'a@b', level: 2, secret: '000102030405060708090a0b0c0d0e0f' }],
      ['addUser', 'p', { id: 7 }],
      ['removeUser', 's', 'x'],
      ['removeUser', 's', 'y'],
    ]);
    expect(host.logger.lines.join('\n')).not.toMatch(/hush|0a0b0c/);
    expect(host.logger.lines.slice(0, 4)).toEqual([
      'info user "x" added to "s"',
      'info user "a@b" added to "m"',
      'info user (without a name) added to "p"',
      'info user "x" removed from "s", connections ended: 3',
    ]);

    host.control.inboundViews = [{ tag: 'm', protocol: 'mtproto', listening: [], users: undefined }];
    await expect(alter('m', AddUserOperation, add(socks))).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      details: 'an account of socks is none of mtproto',
    });
    await expect(alter('s', { typeName: 'other.Operation' }, new Uint8Array())).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
    });
    await expect(alter('s', AddUserOperation, new Uint8Array([0xff]))).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
  });

  test('has no operations for outbounds, as V2Ray has none', async () => {
    const { host, client } = await start();
    host.control.outboundViews = [{ tag: 'out', protocol: 'freedom', via: undefined, carriesPackets: true }];
    await expect(client.call(HANDLER, 'AlterOutbound', { tag: 'out' })).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
    });
    await expect(client.call(HANDLER, 'AlterOutbound', { tag: 'other' })).rejects.toMatchObject({
      code: grpc.status.NOT_FOUND,
    });
  });

  test.each([
    ['E_NOT_FOUND', grpc.status.NOT_FOUND],
    ['E_EXISTS', grpc.status.ALREADY_EXISTS],
    ['E_CONFIG_INVALID', grpc.status.INVALID_ARGUMENT],
    ['E_IN_USE', grpc.status.FAILED_PRECONDITION],
    ['E_LISTEN_IN_USE', grpc.status.FAILED_PRECONDITION],
    ['E_LISTEN_DENIED', grpc.status.PERMISSION_DENIED],
    ['E_UNSUPPORTED', grpc.status.UNIMPLEMENTED],
    ['E_CLOSING', grpc.status.UNAVAILABLE],
    ['E_SOMETHING_NEW', grpc.status.UNKNOWN],
  ] as const)('says %s in gRPC', async (code, status) => {
    const { host, client } = await start();
    host.control.refuses = new SluiceError(code, 'because: of this');
    await expect(client.call(HANDLER, 'RemoveInbound', { tag: 'x' })).rejects.toMatchObject({
      code: status,
      details: 'because: of this',
    });
  });

  test('says nothing of faults of ours to the client, and all to the log', async () => {
    const { host, client } = await start();
    host.control.refuses = new TypeError('a secret is in here');
    await expect(client.call(HANDLER, 'RemoveInbound', { tag: 'x' })).rejects.toMatchObject({
      code: grpc.status.INTERNAL,
      details: 'internal error',
    });
    expect(host.logger.lines.join()).toContain('error RemoveInbound failed: TypeError: a secret is in here');
  });
});

test('LoggerService opens the logs anew', async () => {
  const { host, client } = await start();
  await client.call(LOGGER, 'RestartLogger');
  expect(host.reopened()).toBe(1);
});

describe('RoutingService', () => {
  const question = {
    inboundTag: 'in',
    network: 'udp',
    target: { network: 'udp', type: 'domain', host: 'example.org', port: 53 },
    source: { address: '10.0.0.1', port: 999 },
    user: { email: 'x', level: 0 },
    protocol: 'dns',
    attributes: { ':path': '/' },
  } as const;
  const context = {
    InboundTag: 'in',
    Network: 3,
    SourceIPs: [ipToBytes('10.0.0.1')],
    SourcePort: 999,
    TargetDomain: 'example.org',
    TargetPort: 53,
    Protocol: 'dns',
    User: 'x',
    Attributes: { ':path': '/' },
  };
  const answer = { ...context, OutboundGroupTags: ['b'], OutboundTag: 'direct' };

  test('tests routes', async () => {
    const { host, client } = await start();
    expect(await client.call(ROUTING, 'TestRoute', { RoutingContext: context })).toMatchObject(answer);
    expect(host.control.calls).toEqual([['route', question]]);
    const some = await client.call(ROUTING, 'TestRoute', {
      RoutingContext: { TargetIPs: [ipToBytes('::1')], TargetPort: 80 },
      FieldSelectors: ['outbound', 'ip'],
    });
    expect(some).toMatchObject({
      TargetIPs: [ipToBytes('::1')],
      TargetPort: 0,
      OutboundTag: 'direct',
      OutboundGroupTags: ['b'],
    });
    await expect(client.call(ROUTING, 'TestRoute', { RoutingContext: {} })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
    await expect(client.call(ROUTING, 'TestRoute')).rejects.toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
  });

  test('streams decisions, and tested ones that are to be published', async () => {
    const { host, client } = await start();
    const stream = client.watch(ROUTING, 'SubscribeRoutingStats', { FieldSelectors: ['outbound', 'domain'] });
    const seen: unknown[] = [];
    stream.on('data', (message) => seen.push(message)).on('error', () => undefined);
    await vi.waitFor(() => expect(host.control.routeListeners.size).toBe(1));
    for (const listener of host.control.routeListeners) {
      listener({ question, outboundTag: 'one', balancerTag: undefined, ruleIndex: 1 });
      listener({ question, outboundTag: 'two', balancerTag: 'b', ruleIndex: undefined });
    }
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    await client.call(ROUTING, 'TestRoute', { RoutingContext: context, PublishResult: true });
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    expect(seen).toMatchObject([
      { TargetDomain: 'example.org', OutboundTag: 'one', OutboundGroupTags: [], User: '' },
      { OutboundTag: 'two', OutboundGroupTags: ['b'] },
      { OutboundTag: 'direct' },
    ]);
    stream.cancel();
    await vi.waitFor(() => expect(host.control.routeListeners.size).toBe(0));
  });

  test('shows and sets balancers', async () => {
    const { host, client } = await start();
    expect(await client.call(ROUTING, 'GetBalancerInfo', { tag: 'b' })).toMatchObject({
      balancer: { override: { target: 'two' }, principleTarget: { tag: ['one', 'two'] } },
    });
    await expect(client.call(ROUTING, 'GetBalancerInfo', { tag: 'c' })).rejects.toMatchObject({
      code: grpc.status.NOT_FOUND,
    });
    await client.call(ROUTING, 'OverrideBalancerTarget', { balancerTag: 'b', target: 'one' });
    await client.call(ROUTING, 'OverrideBalancerTarget', { balancerTag: 'b' });
    expect(host.control.calls).toEqual([
      ['overrideBalancer', 'b', 'one'],
      ['overrideBalancer', 'b', undefined],
    ]);
  });
});

test('ObservatoryService tells what probes have found', async () => {
  const { host, client } = await start();
  host.health.set('a', {
    ...{ alive: true, delay: 12.4, deviation: 2, min: 10, max: 15, samples: 4, failures: 1 },
    ...{ lastTryAt: 1_700_000_000_900, lastSeenAt: 1_700_000_000_100 },
  });
  host.health.set('b', {
    ...{ alive: false, delay: undefined, samples: 0, failures: 0, lastTryAt: 5000, lastSeenAt: undefined },
    lastError: 'refused',
  });
  expect(await client.call(OBSERVATORY, 'GetOutboundStatus')).toMatchObject({
    status: {
      status: [
        {
          ...{ alive: true, delay: 12n, outboundTag: 'a', lastTryTime: 1_700_000_000n, lastSeenTime: 1_700_000_000n },
          healthPing: { all: 4n, fail: 1n, deviation: 2n, average: 12n, max: 15n, min: 10n },
        },
        { alive: false, delay: 99_999_999n, lastErrorReason: 'refused', outboundTag: 'b', lastSeenTime: 0n },
      ],
    },
  });
  expect(await client.call('xray.core.app.observatory.command.ObservatoryService', 'GetOutboundStatus')).toMatchObject({
    status: { status: [{ outboundTag: 'a' }, { outboundTag: 'b' }] },
  });
});

describe('ReflectionService', () => {
  async function ask(client: GrpcClient, service: string, ...requests: object[]): Promise<Record<string, unknown>[]> {
    const stream = client.converse(service, 'ServerReflectionInfo');
    const answers: Record<string, unknown>[] = [];
    stream.on('data', (message: Record<string, unknown>) => answers.push(message));
    for (const request of requests) stream.write({ host: 'h', messageRequest: request });
    stream.end();
    await once(stream, 'end');
    return answers.map(({ messageResponse }) => messageResponse as Record<string, unknown>);
  }

  test.each([REFLECTION, 'grpc.reflection.v1.ServerReflection'])('%s lists and describes', async (service) => {
    const { client } = await start({ services: ['reflectionservice', 'STATSSERVICE'] });
    const answers = await ask(
      client,
      service,
      { case: 'listServices', value: '*' },
      { case: 'fileContainingSymbol', value: 'v2ray.core.app.proxyman.command.HandlerService.AddInbound' },
      { case: 'fileByFilename', value: 'xray/app/stats/command/command.proto' },
      { case: 'fileContainingSymbol', value: 'no.such.Thing' },
      { case: 'allExtensionNumbersOfType', value: 'a.B' },
    );
    expect(answers[0]).toMatchObject({
      case: 'listServicesResponse',
      value: {
        service: [
          { name: 'grpc.reflection.v1.ServerReflection' },
          { name: REFLECTION },
          { name: STATS },
          { name: 'xray.app.stats.command.StatsService' },
        ],
      },
    });
    const names = (index: number): string[] =>
      (answers[index]?.['value'] as { fileDescriptorProto: Uint8Array[] }).fileDescriptorProto.map(
        (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
      );
    expect(names(1)).toEqual([
      'app/proxyman/command/command.proto',
      'common/protocol/user.proto',
      'common/serial/typed_message.proto',
      'config.proto',
    ]);
    expect(names(2)).toEqual(['xray/app/stats/command/command.proto']);
    expect(answers.slice(3)).toMatchObject([
      { case: 'errorResponse', value: { errorCode: 5 } },
      { case: 'errorResponse', value: { errorCode: 5 } },
    ]);
  });
});

describe('the server', () => {
  test('has only the services that are asked for', async () => {
    const { client } = await start({ services: ['LoggerService'] });
    await client.call(LOGGER, 'RestartLogger');
    await expect(client.call(STATS, 'GetSysStats')).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
      details: 'no such method; "services" of the api says which services there are',
    });
  });

  test('listens itself, refuses what is taken, and frees the port', async () => {
    const { host } = await start({ listen: '127.0.0.1:0' });
    const port = Number(/^gRPC on 127\.0\.0\.1:(\d+)$/.exec(host.service.announce?.()[0] ?? '')?.[1]);
    const client = new GrpcClient(port);
    open.push(client);
    await client.call(LOGGER, 'RestartLogger');
    await expect(hostApi({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'E_LISTEN_IN_USE' });
    await host.close();
    const socket = net.connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  test('takes no message above its limit', async () => {
    const { host, client } = await start();
    const name = 'x'.repeat(5 * 1024 * 1024);
    await expect(client.call(STATS, 'GetStats', { name })).rejects.toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
    });
    host.stats.counter('a');
    await client.call(STATS, 'GetStats', { name: 'a' });
  });

  test('takes no more connections than its limit, and has room again when some are gone', async () => {
    const { host } = await start();
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
    const { host, client } = await start();
    const socket = net.connect(host.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(bytes);
    await once(socket, 'close');
    await client.call(LOGGER, 'RestartLogger');
  });

  test('refuses what is no gRPC', async () => {
    const { host } = await start();
    const session = http2.connect(`http://127.0.0.1:${host.port}`);
    open.push({ close: () => session.destroy() });
    const request = session.request({ ':method': 'GET', ':path': '/' });
    const [headers] = (await once(request, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(415);
  });

  test('ends what is under way when it closes, and leaves nothing', async () => {
    const { host, client } = await start();
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
