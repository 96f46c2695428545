import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { connectMtproto, startFakeDc, type MtprotoClient } from '@sluice/testing';
import { afterEach, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { alterInbound, echo, exchange, handler, startWithApi } from './api-program.fixture.js';
import { field, typedMessage } from './grpc-call.fixture.js';
import { dial, door, serve, Started } from './program.fixture.js';
import { handlerConfigs } from './v2ctl.fixture.js';

const started = new Started();
afterEach(() => started.close());

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

describePeers("V2Ray's messages, made by v2ctl, to the program", ['v2ctl', 'curl'], () => {
  it('add and remove an inbound and an outbound under traffic', async () => {
    const target = await echo(started);
    const program = await startWithApi(started, [door('door', target)]);
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
    const program = await startWithApi(started, []);
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
    const target = await echo(started);
    const accounts = [
      { user: 'ann', pass: 'a1' },
      { user: 'bob', pass: 'b2' },
    ];
    const program = await startWithApi(started, [
      { tag: 'socks', protocol: 'socks', settings: { auth: 'password', accounts } },
    ]);
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
      const ended = new Promise((resolve) => socket.once('end', resolve));
      socket.resume();
      await Promise.race([closed, ended]);
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
    const program = await startWithApi(started, [{ tag: 'web', protocol: 'http', settings: { accounts } }]);
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

  it('add an MTProto user who can connect, and remove one who is disconnected at once', async () => {
    const dc = started.add(await startFakeDc({ mode: 'echo' }));
    const anns = 'a'.repeat(32);
    const bobs = 'b'.repeat(32);
    const settings = { users: [{ email: 'ann', secret: anns }], dataCenters: { 2: [dc.address] } };
    const program = await startWithApi(started, [{ tag: 'tg', protocol: 'mtproto', settings }]);
    const connect = async (secret: string): Promise<MtprotoClient> => {
      const client = await connectMtproto({ host: '127.0.0.1', port: program.port('tg'), secret });
      client.send(randomBytes(1000));
      return client;
    };
    const account = typedMessage('v2ray.core.proxy.mtproto.Account', field(1, Buffer.from(bobs, 'hex')));
    const user = Buffer.concat([field(2, 'bob'), field(3, account)]);
    expect(await alterInbound(program, 'tg', 'AddUserOperation', field(1, user))).toMatchObject({ status: 0 });
    const [ann, bob] = [await connect(anns), await connect(bobs)];
    await ann.read(1000);
    await bob.read(1000);
    // A connection that is cut off ends with a reset, which is no failure here.
    const gone = new Promise((resolve) => bob.socket.on('error', () => undefined).once('close', resolve));
    expect(await alterInbound(program, 'tg', 'RemoveUserOperation', field(1, 'bob'))).toMatchObject({ status: 0 });
    await gone;
    ann.send(randomBytes(10));
    await ann.read(10);
    await ann.close();
    expect(program.output()).not.toContain(bobs);
  });
});
