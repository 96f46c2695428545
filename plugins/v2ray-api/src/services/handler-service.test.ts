import grpc from '@grpc/grpc-js';
import { ipToBytes, SluiceError } from '@sluice/plugin-api';
import { afterEach, describe, expect, test } from 'vitest';
import { closeApis, startApi } from '../api.fixture.js';
import { AddUserOperation, RemoveUserOperation } from '../protos/proxyman.js';
import { encode } from '../protos/registry.js';
import { MtprotoAccount, ReceiverConfig, SocksAccount, SocksServer } from '../protos/settings.js';

const HANDLER = 'v2ray.core.app.proxyman.command.HandlerService';

afterEach(closeApis);

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
    const { host, client } = await startApi();
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
    const { host, client } = await startApi();
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
    const { host, client } = await startApi();
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
    const { host, client } = await startApi();
    host.control.refuses = new SluiceError(code, 'because: of this');
    await expect(client.call(HANDLER, 'RemoveInbound', { tag: 'x' })).rejects.toMatchObject({
      code: status,
      details: 'because: of this',
    });
  });

  test('says nothing of faults of ours to the client, and all to the log', async () => {
    const { host, client } = await startApi();
    host.control.refuses = new TypeError('a secret is in here');
    await expect(client.call(HANDLER, 'RemoveInbound', { tag: 'x' })).rejects.toMatchObject({
      code: grpc.status.INTERNAL,
      details: 'internal error',
    });
    expect(host.logger.lines.join()).toContain('error RemoveInbound failed: TypeError: a secret is in here');
  });
});
