import { startBlackHole, startFakeDc, type FakeDc } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { containing, like, someNumber, someText } from '../expected.fixture.js';
import { examinationOf, key, run, secretFor } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { clockFindings } from './clock.js';
import { dataCenterChecks } from './data-centers.js';

const dead = '127.0.0.1:1';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function dataCenter(options?: Parameters<typeof startFakeDc>[0]): Promise<FakeDc> {
  const started = await startFakeDc(options);
  cleanups.push(() => started.close());
  return started;
}

/** The same addresses for every data centre, so that nothing is asked elsewhere. */
function all(...addresses: string[]): Record<string, string[]> {
  return Object.fromEntries([1, 2, 3, 4, 5, 203].map((id) => [String(id), addresses]));
}

async function told(settings: object, limit?: number): Promise<readonly Finding[]> {
  const examination = examinationOf({ users: [{ secret: key }], ...settings });
  return run(dataCenterChecks(examination), examination, limit);
}

describe('data centres', () => {
  it('are asked under every id, by both families', async () => {
    const [v4, v6] = [await dataCenter(), await dataCenter({ host: '::1' })];
    const found = await told({
      dataCenters: { ...all(v4.address, v6.address), 10002: [v4.address], 77: [v6.address] },
    });
    const ids = [1, 2, -2, 3, 4, -4, 5, 203];
    expect(found.map(({ about }) => about)).toEqual([
      ...[1, 2, -2, 3, 4, -4, 5].flatMap((id) => [`${id} (IPv4)`, `${id} (IPv6)`]),
      '77 (IPv6)',
      '203 (IPv4)',
      '203 (IPv6)',
      '10002 (IPv4)',
    ]);
    expect(found[0]).toEqual({
      subject: 'data centres',
      about: '1 (IPv4)',
      address: v4.address,
      status: 'ok',
      seen: 'answers',
      milliseconds: someNumber,
    });
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['ok']));
    const asked: number[] = [];
    while (asked.length < ids.length + 1) asked.push((await v4.nextConnection()).dc);
    expect(new Set(asked)).toEqual(new Set([...ids, 10002]));
  });

  it('tell the time', async () => {
    const { address } = await dataCenter();
    const examination = examinationOf({ users: [{ secret: secretFor('a.test') }], dataCenters: all(address) });
    await run(dataCenterChecks(examination), examination);
    expect(clockFindings(examination)).toMatchObject([{ status: 'ok', seen: like(/data centre 1/) }]);
  });

  it('that one family does not reach are reached by the other', async () => {
    const v4 = await dataCenter();
    const found = await told({ dataCenters: all(v4.address, '[::1]:1') });
    for (const finding of found.filter(({ about }) => about?.includes('IPv6'))) {
      expect(finding).toMatchObject({
        status: 'warning',
        seen: 'refuses the connection',
        advice: containing('"only-ipv4"'),
      });
    }
    expect(found.filter(({ status }) => status === 'ok')).toHaveLength(8);
  });

  it('are a problem if no address answers', async () => {
    const { address } = await dataCenter();
    const found = await told({ dataCenters: { ...all(address), 3: [dead, '[::1]:1'] }, addressFamily: 'prefer-ipv6' });
    expect(found.filter(({ status }) => status !== 'ok')).toMatchObject([
      { about: '3 (IPv4)', status: 'problem', address: dead, advice: someText },
      { about: '3 (IPv6)', status: 'problem', address: '[::1]:1' },
    ]);
  });

  it('are asked only by the family that is used', async () => {
    const v6 = await dataCenter({ host: '::1' });
    const found = await told({ dataCenters: all(v6.address), addressFamily: 'only-ipv6' });
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['ok']));
    expect(found.every(({ about }) => about?.endsWith('(IPv6)'))).toBe(true);
  });

  it('have addresses one of which is enough, if it has the usual port', async () => {
    const first = await dataCenter();
    const found = await told({ dataCenters: all(dead, first.address) });
    expect(found).toHaveLength(8);
    for (const finding of found)
      expect(finding).toMatchObject({
        status: 'warning',
        address: first.address,
        seen: 'answers by another port only',
      });
    const two = { ...all(first.address), 2: [`127.0.0.2:${first.port}`, first.address] };
    expect((await told({ dataCenters: two })).filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it('may be given by name', async () => {
    const { port } = await dataCenter();
    expect((await told({ dataCenters: all(`localhost:${port}`) }))[0]).toMatchObject({
      about: '1 (name)',
      status: 'ok',
    });
  });

  it.each(['echo', 'source'] as const)('must answer as Telegram does, not with an %s', async (mode) => {
    const { address } = await dataCenter({ mode, sourceBytes: 4096 });
    expect((await told({ dataCenters: all(address) }))[0]).toMatchObject({
      status: 'problem',
      seen: like(/not as a Telegram data centre/),
    });
  });

  it('that keep silent are given up in time', async () => {
    const hole = await startBlackHole();
    cleanups.push(() => hole.close());
    const { address } = await dataCenter({ mode: 'sink' });
    expect((await told({ dataCenters: all(hole.address, address) }, 100))[0]).toMatchObject({
      status: 'problem',
      seen: 'does not answer in time',
    });
  });

  it('are asked once for several inbounds', async () => {
    const examination = examinationOf({ users: [{ secret: key }], dataCenters: all(dead) });
    const twice = { ...examination, inbounds: [...examination.inbounds, ...examination.inbounds] };
    expect(dataCenterChecks(twice)).toHaveLength(8);
  });
});
