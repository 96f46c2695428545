import { once } from 'node:events';
import { readFile, rename } from 'node:fs/promises';
import type net from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { temporaryFolder } from '../peers/temporary.js';
import { startV2ray } from '../peers/v2ray.js';
import { field, grpcCall, typedMessage, type GrpcResult } from './grpc-call.fixture.js';
import { dial, door, serve, Started, startProgram, type Program } from './program.fixture.js';
import { countersIn, handlerConfigs, v2ctlApi } from './v2ctl.fixture.js';

const started = new Started();
afterEach(() => started.close());

const HANDLER = '/v2ray.core.app.proxyman.command.HandlerService';
const OPERATION = 'v2ray.core.app.proxyman.command';

/** A door to the API, as in V2Ray's own documentation. */
const apiIn = { tag: 'api-in', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: 1 } };
const outbounds = [{ tag: 'direct', protocol: 'freedom' }];
const rules = [{ type: 'field', inboundTag: ['api-in'], outboundTag: 'api' }];
const counting = {
  stats: {},
  policy: {
    levels: { 0: { statsUserUplink: true, statsUserDownlink: true } },
    system: { statsInboundUplink: true, statsInboundDownlink: true },
  },
};
const api = { tag: 'api', services: ['HandlerService', 'LoggerService', 'StatsService', 'ReflectionService'] };

async function echo(): Promise<number> {
  return started.add(await serve((socket) => socket.pipe(socket))).port;
}

async function start(inbounds: Parameters<typeof startProgram>[0]['inbounds'], more: object = {}): Promise<Program> {
  return started.add(
    await startProgram({ ...counting, api, inbounds: [...inbounds, apiIn], outbounds, routing: { rules }, ...more }),
  );
}

/** Sends bytes to an echo and waits until they are back. */
async function exchange(socket: net.Socket, size: number): Promise<void> {
  let left = size;
  const back = new Promise<void>((resolve) => {
    const count = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', count);
      resolve();
    };
    socket.on('data', count);
  });
  socket.write(Buffer.alloc(size, 1));
  await back;
}

function handler(program: Program, method: string, request: Uint8Array): Promise<GrpcResult> {
  return grpcCall(program.port('api-in'), `${HANDLER}/${method}`, request);
}

const alterInbound = (program: Program, tag: string, operation: string, value: Uint8Array): Promise<GrpcResult> =>
  handler(
    program,
    'AlterInbound',
    Buffer.concat([field(1, tag), field(2, typedMessage(`${OPERATION}.${operation}`, value))]),
  );

/** A SOCKS connection of a user, through to an echo. */
async function socksConnection(
  port: number,
  [user, pass]: readonly [string, string],
  to: number,
): Promise<{ readonly socket: net.Socket; readonly closed: Promise<unknown>; readonly answer: number }> {
  const { socket, closed } = await dial(port);
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  socket.write(Buffer.of(5, 1, 2));
  await once(socket, 'data');
  socket.write(Buffer.concat([Buffer.of(1), text(user), text(pass)]));
  const [granted] = (await once(socket, 'data')) as [Buffer];
  if (granted[1] !== 0) return { socket, closed, answer: -1 };
  socket.write(Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, to >> 8, to & 0xff));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return { socket, closed, answer: answer[1] ?? -1 };
}

describePeers("V2Ray's API client", ['v2ctl', 'v2ray'], () => {
  it.each(['by the tag', 'by listen'])('reads and resets counters, %s', async (way) => {
    const target = await echo();
    const port = await freePort();
    const program = await start([door('door', target)], { api: { ...api, listen: `127.0.0.1:${port}` } });
    const at = way === 'by the tag' ? program.port('api-in') : port;
    const { socket } = await dial(program.port('door'));
    await exchange(socket, 1000);
    const names = ['inbound>>>door>>>traffic>>>uplink', 'inbound>>>door>>>traffic>>>downlink'] as const;

    const seen = await v2ctlApi(at, 'StatsService.QueryStats', 'pattern: ">>>door>>>" reset: false');
    expect(seen.code).toBe(0);
    expect(countersIn(seen)).toEqual({ [names[0]]: 1000, [names[1]]: 1000 });
    const one = await v2ctlApi(at, 'StatsService.GetStats', `name: "${names[0]}" reset: true`);
    expect(countersIn(one)).toEqual({ [names[0]]: 1000 });
    await exchange(socket, 50);
    const reset = await v2ctlApi(at, 'StatsService.QueryStats', 'pattern: "door" reset: true');
    expect(countersIn(reset)).toEqual({ [names[0]]: 50, [names[1]]: 1050 });
    const after = await v2ctlApi(at, 'StatsService.QueryStats', 'pattern: "door" reset: false');
    expect(countersIn(after)).toEqual({ [names[0]]: 0, [names[1]]: 0 });
    const none = await v2ctlApi(at, 'StatsService.GetStats', 'name: "none"');
    expect(none.stderr + none.stdout).toContain('there is no counter "none"');

    const system = await v2ctlApi(at, 'StatsService.GetSysStats', '');
    expect(system.stdout).toMatch(/NumGoroutine: [1-9][\s\S]*Alloc: [1-9]\d{5}[\s\S]*Sys: [1-9]\d{6}/);
    socket.destroy();
  });

  it('reads the same from us and from V2Ray after the same traffic', async () => {
    const target = await echo();
    const config = { ...counting, api, outbounds, routing: { rules } };
    const v2ray = started.add(await startV2ray({ ...config, inbounds: [door('door', target), apiIn] }));
    const program = await start([door('door', target)]);
    const [theirDoor = 0, theirApi = 0] = v2ray.ports;
    const ends = [
      { at: program.port('door'), api: program.port('api-in') },
      { at: theirDoor, api: theirApi },
    ];
    const answers = await Promise.all(
      ends.map(async (end) => {
        const { socket } = await dial(end.at);
        await exchange(socket, 12_345);
        socket.destroy();
        const seen = [];
        for (const [method, request] of [
          ['StatsService.QueryStats', 'pattern: "inbound>>>door" reset: true'],
          ['StatsService.QueryStats', 'pattern: "inbound>>>door>>>traffic>>>up" reset: false'],
          ['StatsService.QueryStats', 'pattern: "no such counter"'],
          ['StatsService.GetStats', 'name: "inbound>>>door>>>traffic>>>downlink"'],
          ['LoggerService.RestartLogger', ''],
        ] as const) {
          const result = await v2ctlApi(end.api, method, request);
          seen.push([method, result.code, countersIn(result)]);
        }
        return seen;
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]?.[2]).toEqual({
      'inbound>>>door>>>traffic>>>uplink': 12_345,
      'inbound>>>door>>>traffic>>>downlink': 12_345,
    });
  });

  it('has the log files opened anew', async () => {
    const folder = await temporaryFolder('logs');
    started.add({ close: () => folder.remove() });
    const file = join(folder.path, 'access.log');
    const target = await echo();
    const program = await start([door('door', target)], { log: { access: file, loglevel: 'warning' } });
    const connect = async (): Promise<number> => {
      const { socket, clientPort, closed } = await dial(program.port('door'));
      await exchange(socket, 1);
      socket.end();
      await closed;
      return clientPort;
    };
    const first = await connect();
    const lines = (of: string): Promise<string> => readFile(of, 'utf8').catch(() => '');
    await expect.poll(() => lines(file)).toContain(`127.0.0.1:${first} `);
    await rename(file, `${file}.1`);
    const { code, stderr } = await v2ctlApi(program.port('api-in'), 'LoggerService.RestartLogger', '');
    expect([code, stderr]).toEqual([0, '']);
    const second = await connect();
    await expect.poll(() => lines(file)).toContain(`127.0.0.1:${second} `);
    expect(await lines(`${file}.1`)).not.toContain(`127.0.0.1:${second} `);
  });

  it('finds nothing that the configuration does not name', async () => {
    const program = await start([], { api: { tag: 'api', services: ['LoggerService'] } });
    const { stderr, stdout } = await v2ctlApi(program.port('api-in'), 'StatsService.QueryStats', 'pattern: ""');
    expect(stderr + stdout).toMatch(/code = Unimplemented/);
  });
});

describePeers("V2Ray's messages, made by v2ctl, to the program", ['v2ctl', 'curl'], () => {
  it('add and remove an inbound and an outbound under traffic', async () => {
    const target = await echo();
    const program = await start([door('door', target)]);
    const { socket: steady } = await dial(program.port('door'));
    await exchange(steady, 100);

    const port = await freePort();
    const { inbounds, outbounds: made } = await handlerConfigs({
      inbounds: [{ ...door('late', target), port, listen: '127.0.0.1' }],
      outbounds: [{ tag: 'late-out', protocol: 'blackhole', settings: { response: { type: 'http' } } }],
    });
    const inbound = field(1, inbounds[0] ?? '');
    const outbound = field(1, made[0] ?? '');
    expect(await handler(program, 'AddInbound', inbound)).toMatchObject({ status: 0 });
    expect(await handler(program, 'AddInbound', inbound)).toMatchObject({ status: 6 });
    expect(await handler(program, 'AddOutbound', outbound)).toMatchObject({ status: 0 });
    expect(await handler(program, 'AddOutbound', outbound)).toMatchObject({ status: 6 });
    const { socket: late } = await dial(port);
    await exchange(late, 100);

    expect(await handler(program, 'RemoveInbound', field(1, 'late'))).toMatchObject({ status: 0 });
    expect(await handler(program, 'RemoveInbound', field(1, 'late'))).toMatchObject({ status: 5 });
    expect(await handler(program, 'RemoveOutbound', field(1, 'late-out'))).toMatchObject({ status: 0 });
    expect(await handler(program, 'RemoveOutbound', field(1, 'late-out'))).toMatchObject({ status: 5 });
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // What was connected goes on, on what was removed, too.
    await exchange(late, 100);
    await exchange(steady, 100);
    late.destroy();
    steady.destroy();
  });

  it('are refused with the reason, and change nothing', async () => {
    const program = await start([]);
    const { inbounds } = await handlerConfigs({
      inbounds: [
        { tag: 'bad', port: 1080, listen: '127.0.0.1', protocol: 'socks', streamSettings: { network: 'ws' } },
        { tag: 'taken', port: program.port('api-in'), listen: '127.0.0.1', protocol: 'http' },
      ],
    });
    const [bad, taken] = await Promise.all(
      inbounds.map((inbound) => handler(program, 'AddInbound', field(1, inbound))),
    );
    expect(bad).toMatchObject({ status: 3, message: expect.stringContaining('not available yet') as string });
    expect([3, 9]).toContain(taken?.status);
    expect(await handler(program, 'RemoveInbound', field(1, 'bad'))).toMatchObject({ status: 5 });
    expect(await handler(program, 'RemoveInbound', field(1, 'taken'))).toMatchObject({ status: 5 });
    expect(await handler(program, 'RemoveOutbound', field(1, 'direct'))).toMatchObject({ status: 9 });
  });

  it('add a SOCKS user who can connect, and remove one who is disconnected at once', async () => {
    const target = await echo();
    const accounts = [
      { user: 'ann', pass: 'a1' },
      { user: 'bob', pass: 'b2' },
    ];
    const program = await start([{ tag: 'socks', protocol: 'socks', settings: { auth: 'password', accounts } }]);
    const port = program.port('socks');
    const cyd = ['cyd', 'c3'] as const;
    expect((await socksConnection(port, cyd, target)).answer).toBe(-1);
    const account = typedMessage('v2ray.core.proxy.socks.Account', Buffer.concat([field(1, 'cyd'), field(2, 'c3')]));
    const user = field(1, field(3, account));
    expect(await alterInbound(program, 'socks', 'AddUserOperation', user)).toMatchObject({ status: 0 });
    expect(await alterInbound(program, 'socks', 'AddUserOperation', user)).toMatchObject({ status: 6 });
    const [ann, bob, late] = [
      await socksConnection(port, ['ann', 'a1'], target),
      await socksConnection(port, ['bob', 'b2'], target),
      await socksConnection(port, cyd, target),
    ];
    for (const { answer, socket } of [ann, bob, late]) {
      expect(answer).toBe(0);
      await exchange(socket, 10);
    }
    for (const [email, { socket, closed }] of [['ann', ann] as const, ['cyd', late] as const]) {
      expect(await alterInbound(program, 'socks', 'RemoveUserOperation', field(1, email))).toMatchObject({ status: 0 });
      socket.resume();
      await Promise.race([closed, once(socket, 'end')]);
      expect((await socksConnection(port, email === 'ann' ? ['ann', 'a1'] : cyd, target)).answer).toBe(-1);
    }
    expect(await alterInbound(program, 'socks', 'RemoveUserOperation', field(1, 'ann'))).toMatchObject({ status: 5 });
    await exchange(bob.socket, 10);
    bob.socket.destroy();
    expect(program.output()).not.toMatch(/\bc3\b/);
  });

  it('add and remove a user of an HTTP proxy', async () => {
    const site = started.add(
      await serve((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'))),
    );
    const accounts = [{ user: 'ann', pass: 'a1' }];
    const program = await start([{ tag: 'web', protocol: 'http', settings: { accounts } }]);
    const get = async (user: string): Promise<string> =>
      (await curl(['--proxy', `http://${user}@127.0.0.1:${program.port('web')}`, `http://127.0.0.1:${site.port}/`]))
        .stdout;
    const account = typedMessage('v2ray.core.proxy.http.Account', Buffer.concat([field(1, 'bob'), field(2, 'b2')]));
    expect(await get('bob:b2')).not.toBe('hi');
    expect(await alterInbound(program, 'web', 'AddUserOperation', field(1, field(3, account)))).toMatchObject({
      status: 0,
    });
    expect(await get('bob:b2')).toBe('hi');
    expect(await alterInbound(program, 'web', 'RemoveUserOperation', field(1, 'bob'))).toMatchObject({ status: 0 });
    expect(await get('bob:b2')).not.toBe('hi');
    expect(await get('ann:a1')).toBe('hi');
  });
});
