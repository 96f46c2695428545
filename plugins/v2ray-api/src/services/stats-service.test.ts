import grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { closeApis, startApi } from '../api.fixture.js';

const STATS = 'v2ray.core.app.stats.command.StatsService';

afterEach(closeApis);

describe('StatsService', () => {
  test('reads, queries and resets counters', async () => {
    const { host, client } = await startApi();
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
    const { client } = await startApi();
    const answer = await client.call(STATS, 'GetSysStats');
    expect(answer['Uptime']).toBeGreaterThanOrEqual(5);
    expect(answer['NumGoroutine']).toBeGreaterThan(0);
    expect(Number(answer['Sys'])).toBeGreaterThan(1e6);
    expect(Number(answer['Alloc'])).toBeGreaterThan(1e6);
  });

  test("answers under Xray's name, too", async () => {
    const { host, client } = await startApi();
    host.stats.counter('a').add(1);
    const answer = await client.call('xray.app.stats.command.StatsService', 'GetStats', { name: 'a' });
    expect(answer).toMatchObject({ stat: { name: 'a', value: 1n } });
  });
});
