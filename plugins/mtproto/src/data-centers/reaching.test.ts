import { destination, SluiceError, type Destination } from '@sluice/plugin-api';
import {
  connectMtproto,
  hostInbound,
  hostOutbound,
  startBlackHole,
  startFakeDc,
  StubSession,
  type FakeDc,
  type OutboundHost,
} from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { mtprotoInbound, mtprotoOutbound } from '../index.js';
import { nothingOpen, startProxy, type TestProxy } from '../proxy.fixture.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const open: { close(): Promise<unknown> }[] = [];

function keep<T extends { close(): Promise<unknown> }>(thing: T): T {
  open.push(thing);
  return thing;
}

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

function nextTurn(): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An address that refuses. */
async function refusing(host: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<string> {
  const gone = await startFakeDc({ host });
  await gone.close();
  return gone.address;
}

async function proxyTo(settings: object, route: 'mtproto' | 'direct' = 'mtproto'): Promise<TestProxy> {
  return keep(await startProxy({ inbound: { users: [{ secret }], ...settings }, route }));
}

/** A client's whole visit: that data centre answers it. */
async function visit(proxy: TestProxy, dataCenter: FakeDc, dc = 2): Promise<Destination | undefined> {
  const client = await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret, dc });
  expect((await client.requestPq()).fingerprints).toEqual([dataCenter.fingerprint]);
  expect((await dataCenter.nextConnection()).dc).toBe(dc);
  await client.close();
  return (await proxy.inbound.nextEnd()).session.target;
}

async function expectNothingLeft(proxy: TestProxy): Promise<void> {
  await proxy.quiet();
  expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  expect(proxy.outbound.plane.state()).toMatchObject(nothingOpen);
}

describe.each(['mtproto', 'direct'] as const)('by the outbound "%s", a data centre is reached', (route) => {
  const kinds = [1, 2, 3, 4, 5, -1, -2, -3, -4, -5, 203, -203, 10001, 10002, 10003, -10001, -10002, -10003];

  it.each(['127.0.0.1', '::1'] as const)('under every kind of id, at %s', async (host) => {
    const dataCenter = keep(await startFakeDc({ host }));
    const ids = [1, 2, 3, 4, 5, 203, 10001, 10002, 10003];
    const addressFamily = host === '::1' ? 'only-ipv6' : 'only-ipv4';
    const dataCenters = Object.fromEntries(ids.map((id) => [id, [dataCenter.address]]));
    const proxy = await proxyTo({ dataCenters, addressFamily }, route);
    for (const dc of kinds) await visit(proxy, dataCenter, dc);
    await expectNothingLeft(proxy);
  });

  it('by the other family where the first refuses', async () => {
    const ipv6 = keep(await startFakeDc({ host: '::1' }));
    const ipv4 = keep(await startFakeDc());
    const dataCenters = { 2: [await refusing(), ipv6.address], 3: [await refusing('::1'), ipv4.address] };
    const proxy = await proxyTo({ dataCenters }, route);
    await visit(proxy, ipv6, 2);
    await visit(proxy, ipv4, 3);
    await expectNothingLeft(proxy);
  });

  it('by name', async () => {
    const dataCenter = keep(await startFakeDc());
    const proxy = await proxyTo({ dataCenters: { 2: [`localhost:${dataCenter.port}`] } }, route);
    await visit(proxy, dataCenter);
    await expectNothingLeft(proxy);
  });

  it('by the next address from then on, while the first rests', async () => {
    const refuses = await refusing();
    const dataCenter = keep(await startFakeDc());
    const proxy = await proxyTo({ dataCenters: { 2: [refuses, dataCenter.address] } }, route);
    await visit(proxy, dataCenter);
    expect(await visit(proxy, dataCenter, -2)).toMatchObject({ port: dataCenter.port });
    const lines = proxy.inbound.logger.lines.filter((line) => line.includes('rests'));
    expect(lines).toEqual([expect.stringContaining(`${refuses} rests for 5 s: ${refuses} refused the connection`)]);
    await expectNothingLeft(proxy);
  });
});

describe('the mtproto outbound', () => {
  it.each(['127.0.0.1', '::1'] as const)(
    'goes past an address of %s that does not answer, and leaves nothing open',
    async (host) => {
      const hole = keep(await startBlackHole(host));
      const dataCenter = keep(await startFakeDc({ host: host === '::1' ? '127.0.0.1' : '::1' }));
      const proxy = await proxyTo({ dataCenters: { 2: [hole.address, dataCenter.address] } });
      expect(await visit(proxy, dataCenter)).toMatchObject({ port: hole.port });
      await expectNothingLeft(proxy);
      // The next one is not sent there any more.
      expect(await visit(proxy, dataCenter)).toMatchObject({ port: dataCenter.port });
      await expectNothingLeft(proxy);
    },
  );

  it('gives all up when the session ends in the middle of a race', async () => {
    const holes = [keep(await startBlackHole()), keep(await startBlackHole('::1'))];
    const outbound = keep(await hostOutbound(mtprotoOutbound, {}));
    let session: StubSession | undefined;
    const inbound = keep(
      await hostInbound(
        mtprotoInbound,
        { users: [{ secret }], dataCenters: { 2: holes.map(({ address }) => address) } },
        {
          connect: (given, to) => {
            session = given as StubSession;
            return outbound.connect(to, session);
          },
        },
      ),
    );
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: inbound.port, secret, dc: 2 }));
    while (outbound.plane.conns < holes.length) await nextTurn();
    session?.end(new SluiceError('E_CLOSING', 'enough'));
    expect((await inbound.nextEnd()).error).toMatchObject({ code: 'E_CLOSING', message: 'enough' });
    while (outbound.plane.conns > 0) await nextTurn();
    expect(outbound.plane.state()).toMatchObject(nothingOpen);
    // Nobody is to blame.
    expect(inbound.logger.lines.filter((line) => line.includes('rests'))).toEqual([]);
    await client.close();
  });

  it('names the first address if none answers, and does not have them tried again', async () => {
    const addresses = [await refusing(), await refusing('::1'), await refusing()];
    const proxy = await proxyTo({ dataCenters: { 2: addresses } });
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret, dc: 2 }));
    const { error, session } = await proxy.inbound.nextEnd();
    expect(error).toMatchObject({ code: 'E_DIAL_REFUSED', message: `${addresses[0]} refused the connection` });
    expect(session.target).toMatchObject({ port: Number(addresses[0]?.split(':').at(-1)) });
    expect(proxy.inbound.logger.lines.filter((line) => line.includes('rests'))).toHaveLength(3);
    await client.close();
    await expectNothingLeft(proxy);
  });

  it('carries what else an mtproto inbound connects, as it is', async () => {
    const site = keep(await startFakeDc({ mode: 'echo' }));
    const outbound: OutboundHost = keep(await hostOutbound(mtprotoOutbound, {}));
    const session = new StubSession('tcp', undefined, undefined, { protocol: 'mtproto' });
    const link = await outbound.connect(destination('tcp', site.host, site.port), session);
    expect(link.encoders).toEqual([]);
    expect(link.decoders).toEqual([]);
    link.destroy();
  });

  it('is closed to other inbounds', async () => {
    const outbound = keep(await hostOutbound(mtprotoOutbound, {}));
    const to = destination('tcp', '127.0.0.1', 1);
    await expect(outbound.connect(to)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });
});
