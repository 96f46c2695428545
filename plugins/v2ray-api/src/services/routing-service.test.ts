import grpc from '@grpc/grpc-js';
import { ipToBytes } from '@sluice/plugin-api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { closeApis, startApi } from '../api.fixture.js';

const ROUTING = 'v2ray.core.app.router.command.RoutingService';

afterEach(closeApis);

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
    const { host, client } = await startApi();
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
    const { host, client } = await startApi();
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
    const { host, client } = await startApi();
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
