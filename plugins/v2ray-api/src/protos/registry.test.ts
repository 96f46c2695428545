import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inboundEntry, outboundEntry, userEntry } from '../typed-messages/entries.js';
import { decode, encode, registry } from './registry.js';
import { RoutingContext } from './router.js';
import { Dokodemo, SocksServer } from './settings.js';
import { InboundHandlerConfig, IPOrDomain, OutboundHandlerConfig, User } from './shared.js';
import { v2rayName, xrayName } from './xray.js';

const typeNames = [...registry].flatMap((one) => (one.kind === 'message' ? [one.typeName] : []));

describe('messages', () => {
  test('come back as they were, with maps, lists and choices', () => {
    const context = { InboundTag: 'a', SourceIPs: [Uint8Array.of(1, 2)], Attributes: { a: 'b' }, TargetPort: 65535 };
    expect(decode(RoutingContext, encode(RoutingContext, context))).toMatchObject({ ...context, OutboundTag: '' });
    const address = { case: 'domain', value: 'example.org' } as const;
    expect(decode(IPOrDomain, encode(IPOrDomain, { address }))).toMatchObject({ address });
    expect(decode(Dokodemo, encode(Dokodemo, { networks: [2, 3] })).networks).toEqual([2, 3]);
  });

  // Bytes that protobuf's own description gives, field by field.
  test('have the bytes that protobuf says', () => {
    const bytes = encode(SocksServer, { authType: 1, accounts: { a: 'b' }, udpEnabled: true, userLevel: 300 });
    expect(Buffer.from(bytes).toString('hex')).toBe('080112060a0161120162200130ac02');
  });

  test('that are cut off or noise are an error of the catalogue', () => {
    const known = [InboundHandlerConfig, OutboundHandlerConfig, User, RoutingContext, SocksServer] as const;
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.uint8Array({ maxLength: 64 }), (type, bytes) => {
        try {
          decode<unknown>(type, bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_PROTOCOL' });
        }
      }),
    );
  });

  test('of any type and content make an entry or a coded error', () => {
    const typed = fc.record({ type: fc.constantFrom(...typeNames, 'sluice.config.Json'), value: fc.uint8Array() });
    const base = { $typeName: '', tag: 'x', expire: 0n, comment: '', email: '', level: 0 };
    fc.assert(
      fc.property(typed, typed, (outer, proxy) => {
        for (const make of [
          () => inboundEntry({ ...base, receiverSettings: outer, proxySettings: proxy }),
          () => outboundEntry({ ...base, senderSettings: outer, proxySettings: proxy }),
          () => userEntry({ ...base, account: proxy }, undefined),
        ]) {
          try {
            expect(make()).toBeTypeOf('object');
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^E_(PROTOCOL|UNSUPPORTED|CONFIG|ADDRESS)/) as string,
            });
          }
        }
      }),
    );
  });
});

test.each([
  ['v2ray.core.app.stats.command.StatsService', 'xray.app.stats.command.StatsService'],
  ['.v2ray.core.InboundHandlerConfig', '.xray.core.InboundHandlerConfig'],
  ['v2ray.core', 'xray.core'],
  ['v2ray.core.app.observatory.command', 'xray.core.app.observatory.command'],
  ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1.ServerReflection'],
  ['v2ray.corel.x', 'v2ray.corel.x'],
])('%s is %s with Xray', (name, xray) => {
  expect(xrayName(name)).toBe(xray);
  if (!name.startsWith('.')) expect(v2rayName(xray)).toBe(name);
});
