import type { Control, ServiceContext } from '@sluice/plugin-api';
import { apiService } from '@sluice/plugin-v2ray-api';
import { emptyInjector, MemoryLogger } from '@sluice/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { startV2ray, type V2ray } from '../peers/v2ray.js';
import { allOf, field, fieldsOf, grpcCall, typedMessage } from './grpc-call.fixture.js';
import { inbounds, outbounds } from './typed-entries.js';
import { handlerConfigs } from './v2ctl.fixture.js';

const HANDLER = '/v2ray.core.app.proxyman.command.HandlerService';
/** An instance that takes all that it is told, and keeps it. */
const taken: object[] = [];
const control = {
  addInbound: (entry: object) => Promise.resolve(void taken.push(entry)),
  addOutbound: (entry: object) => Promise.resolve(void taken.push(entry)),
};

describePeers("V2Ray's own messages", ['v2ray', 'v2ctl'], () => {
  let port = 0;
  let v2ray: V2ray;
  const api = apiService.create({
    ...emptyInjector,
    key: 'api',
    settings: {
      services: ['HandlerService', 'ReflectionService', 'StatsService', 'LoggerService'],
      listen: '127.0.0.1:0',
    },
    logger: new MemoryLogger(),
    control: control as unknown as Control,
  } as unknown as ServiceContext);

  beforeAll(async () => {
    await api.start?.();
    port = Number(/:(\d+)$/.exec(api.announce?.()[0] ?? '')?.[1]);
    v2ray = await startV2ray({
      api: { tag: 'api', services: ['HandlerService', 'ReflectionService', 'StatsService', 'LoggerService'] },
      stats: {},
      inbounds: [{ tag: 'api-in', protocol: 'dokodemo-door', settings: { address: '127.0.0.1' } }],
      outbounds: [{ protocol: 'freedom' }],
      routing: { rules: [{ type: 'field', inboundTag: ['api-in'], outboundTag: 'api' }] },
    });
  });
  afterAll(async () => {
    await v2ray.close();
    await api.close?.();
  });

  it.each(inbounds)('of an inbound mean what its JSON says: %s', async (_name, entry, otherwise = {}) => {
    const whole = { tag: 'in', listen: '127.0.0.1', port: 1080, ...entry };
    const [message = Buffer.alloc(0)] = (await handlerConfigs({ inbounds: [whole] })).inbounds;
    expect(await grpcCall(port, `${HANDLER}/AddInbound`, field(1, message))).toMatchObject({ status: 0 });
    expect(taken.pop()).toEqual({ ...whole, ...otherwise });
  });

  it.each(outbounds)('of an outbound mean what its JSON says: %s', async (_name, entry, otherwise = {}) => {
    const whole = { tag: 'out', ...entry };
    const [message = Buffer.alloc(0)] = (await handlerConfigs({ outbounds: [whole] })).outbounds;
    expect(await grpcCall(port, `${HANDLER}/AddOutbound`, field(1, message))).toMatchObject({ status: 0 });
    expect(taken.pop()).toEqual({ ...whole, ...otherwise });
  });

  it.each<[string, object, RegExp]>([
    ['a protocol that is not here', { protocol: 'vmess', settings: {} }, /vmess\.inbound\.Config" is not known here/],
    [
      'a transport that is not here',
      { protocol: 'socks', settings: {}, streamSettings: { network: 'kcp', kcpSettings: { mtu: 1400 } } },
      /kcp\.Config" is not known here/,
    ],
    [
      'a disguise',
      {
        protocol: 'socks',
        settings: {},
        streamSettings: { network: 'tcp', tcpSettings: { header: { type: 'http' } } },
      },
      /header "v2ray\.core\.transport\.internet\.headers\.http\.Config" is not known here/,
    ],
  ])('are refused where they ask for %s', async (_name, entry, message) => {
    const whole = { tag: 'in', listen: '127.0.0.1', port: 1080, ...entry };
    const [config = Buffer.alloc(0)] = (await handlerConfigs({ inbounds: [whole] })).inbounds;
    const result = await grpcCall(port, `${HANDLER}/AddInbound`, field(1, config));
    expect(result).toMatchObject({ status: 12, message: expect.stringMatching(message) as string });
    expect(taken).toEqual([]);
  });

  it('are refused where they have fields that nobody here knows', async () => {
    const value = Buffer.concat([field(2, Buffer.concat([field(1, 'a'), field(2, 'b')])), field(77, 'hello')]);
    const config = Buffer.concat([field(1, 'x'), field(3, typedMessage('v2ray.core.proxy.http.ServerConfig', value))]);
    expect(await grpcCall(port, `${HANDLER}/AddInbound`, field(1, config))).toMatchObject({
      status: 12,
      message: 'v2ray.core.proxy.http.ServerConfig has fields that are not known here: number 77',
    });
  });

  it.each(['proxyman.command.HandlerService', 'stats.command.StatsService', 'log.command.LoggerService'])(
    'are described as V2Ray describes them: %s',
    async (name) => {
      const ask = async (at: number): Promise<Description> => {
        const path = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';
        const { answer } = await grpcCall(at, path, field(4, `v2ray.core.app.${name}`));
        const files = allOf(answer, 4).flatMap((response) => allOf(response, 1));
        return describe(files[0] ?? Buffer.alloc(0));
      };
      const [ours, theirs] = [await ask(port), await ask(v2ray.port)];
      expect(theirs.services.length).toBeGreaterThan(0);
      expect(ours.services).toEqual(theirs.services);
      // V2Ray 5 has added fields to these messages, and `Config` is no part of the wire.
      for (const line of theirs.fields) expect(ours.fields).toContain(line);
    },
  );
});

interface Description {
  readonly services: readonly string[];
  readonly fields: readonly string[];
}

/** A FileDescriptorProto in lines. */
function describe(file: Buffer): Description {
  const name = (message: Buffer): string => String(allOf(message, 1)[0] ?? '');
  const number = (message: Buffer, at: number): number =>
    fieldsOf(message).flatMap((one) => (one.number === at && typeof one.value === 'number' ? [one.value] : []))[0] ?? 0;
  return {
    services: allOf(file, 6).flatMap((service) =>
      allOf(service, 2).map(
        (method) => `${name(service)}.${name(method)}: ${String(allOf(method, 2)[0])} ${String(allOf(method, 3)[0])}`,
      ),
    ),
    fields: allOf(file, 4).flatMap((message) =>
      allOf(message, 2).map(
        (one) =>
          `${name(message)}.${name(one)} = ${number(one, 3)}, type ${number(one, 5)} ${String(allOf(one, 6)[0] ?? '')}, label ${number(one, 4)}`,
      ),
    ),
  };
}
