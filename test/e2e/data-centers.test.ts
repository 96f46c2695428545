import { connectMtproto, startBlackHole, startFakeDc, type FakeDc, type MtprotoClient } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { gone, holdsNothing, startInstance, type Running } from './runtime.fixture.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function keep<T extends { close(): Promise<unknown> }>(thing: T): T {
  cleanups.push(() => thing.close());
  return thing;
}

const telegram = { tag: 'tg-out', protocol: 'mtproto' };

/** An instance with one mtproto inbound whose data centre 2 is at these addresses, one second for each connect. */
async function start(addresses: string[], outbounds: readonly object[]): Promise<Running> {
  return keep(
    await startInstance({
      policy: { levels: { 0: { handshake: 1 } } },
      inbounds: [
        { tag: 'tg-in', protocol: 'mtproto', settings: { users: [{ secret }], dataCenters: { 2: addresses } } },
      ],
      outbounds,
    }),
  );
}

async function client(running: Running): Promise<MtprotoClient> {
  return keep(await connectMtproto({ host: '127.0.0.1', port: running.port('tg-in'), secret, dc: 2 }));
}

async function expectAnswer(running: Running, dataCenter: FakeDc): Promise<void> {
  const visitor = await client(running);
  expect((await visitor.requestPq()).fingerprints).toEqual([dataCenter.fingerprint]);
  await visitor.close();
}

/** An address that refuses. */
async function refusing(): Promise<string> {
  const dataCenter = await startFakeDc();
  await dataCenter.close();
  return dataCenter.address;
}

describe('an instance finds a data centre', () => {
  it('past an address that does not answer, and another one that refuses', async () => {
    const hole = keep(await startBlackHole());
    const dataCenter = keep(await startFakeDc({ host: '::1' }));
    const running = await start([hole.address, await refusing(), dataCenter.address], [telegram]);
    await expectAnswer(running, dataCenter);
    await running.errors.line(new RegExp(`${hole.address} rests for 5 s`));
    await holdsNothing(running.instance);
    await expectAnswer(running, dataCenter);
    await running.access.line(new RegExp(`tcp:\\[::1\\]:${dataCenter.port} `));
    await holdsNothing(running.instance);
  });

  it('by an outbound that knows nothing of Telegram', async () => {
    const hole = keep(await startBlackHole());
    const dataCenter = keep(await startFakeDc());
    const running = await start([hole.address, dataCenter.address], [{ tag: 'direct', protocol: 'freedom' }]);
    await expectAnswer(running, dataCenter);
    await running.access.line(new RegExp(`accepted tcp:${dataCenter.address} \\[tg-in -> direct\\].* end: done`));
    await holdsNothing(running.instance);
  });

  it('through a chain', async () => {
    const dataCenter = keep(await startFakeDc());
    const far = keep(
      await startInstance({
        inbounds: [{ tag: 'far', protocol: 'socks', settings: { auth: 'noauth' } }],
        outbounds: [{ tag: 'direct', protocol: 'freedom' }],
      }),
    );
    const servers = [{ address: '127.0.0.1', port: far.port('far') }];
    const running = await start(
      [await refusing(), dataCenter.address],
      [
        { ...telegram, proxySettings: { tag: 'chain' } },
        { tag: 'chain', protocol: 'socks', settings: { servers } },
      ],
    );
    await expectAnswer(running, dataCenter);
    await holdsNothing(running.instance);
    await expectAnswer(running, dataCenter);
    await running.access.line(new RegExp(`tcp:${dataCenter.address} \\[tg-in -> tg-out\\].* end: done`));
    await holdsNothing(running.instance);
  });
});

describe('an instance that finds no data centre', () => {
  it('says so in the time that the policy allows, and leaves nothing open', async () => {
    const holes = [keep(await startBlackHole()), keep(await startBlackHole('::1'))];
    const running = await start(
      holes.map(({ address }) => address),
      [telegram],
    );
    const visitor = await client(running);
    await gone(visitor.socket);
    await running.errors.line(/E_DIAL_TIMEOUT/);
    for (const { port } of holes) await running.errors.line(new RegExp(`:${port} rests for 5 s`));
    await holdsNothing(running.instance);
  });

  it('lets go of all addresses when it is closed', async () => {
    const holes = [keep(await startBlackHole()), keep(await startBlackHole('::1'))];
    const running = await start(
      holes.map(({ address }) => address),
      [telegram],
    );
    const visitor = await client(running);
    const { instance } = running;
    while (instance.dataPlane.conns < 1 + holes.length) await new Promise((resolve) => setImmediate(resolve));
    await running.close();
    await gone(visitor.socket);
    expect(instance.dataPlane).toMatchObject({ conns: 0, timers: 0, sessions: 0 });
    expect(running.errors.lines.filter((line) => line.includes('rests'))).toEqual([]);
  });
});
