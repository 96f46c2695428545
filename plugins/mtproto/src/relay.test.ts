import { createHash } from 'node:crypto';
import {
  connectMtproto,
  patternBytes,
  patternSha256,
  startFakeDc,
  type MtprotoClient,
  type TransportTag,
} from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { nothingOpen, startProxy, type TestProxy, type TestProxyOptions } from './proxy.fixture.js';

const plain = 'b0cbcef5a486d9636472ac27f8e11a9d';
const other = '00112233445566778899aabbccddeeff';
const size = 10 * 1024 * 1024;
const open: { close(): Promise<unknown> }[] = [];

function keep<T extends { close(): Promise<unknown> }>(thing: T): T {
  open.push(thing);
  return thing;
}

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function proxyTo(dcs: Record<string, string[]>, more: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  const users = [
    { secret: other, email: 'else' },
    { secret: plain, email: 'ann', level: 3 },
  ];
  return keep(await startProxy({ inbound: { users, dataCenters: dcs }, ...more }));
}

async function expectNothingLeft(proxy: TestProxy): Promise<void> {
  await proxy.quiet();
  expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  expect(proxy.outbound.plane.state()).toMatchObject(nothingOpen);
}

/** Everything that is still to come, and how long it was. */
async function download(client: MtprotoClient): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await client.readToEnd());
  return hash.digest('hex');
}

const kinds = [
  { kind: 'plain', dc: 2 },
  { kind: 'media', dc: -2 },
  { kind: 'CDN', dc: 203 },
  { kind: 'test', dc: 10002 },
  { kind: 'test media', dc: -10002 },
];
const framings: { secret: string; tag: TransportTag }[] = [
  { secret: plain, tag: 'abridged' },
  { secret: plain, tag: 'intermediate' },
  { secret: plain, tag: 'padded' },
  { secret: `dd${plain}`, tag: 'padded' },
];
const routes: { name: string; options: Partial<TestProxyOptions> }[] = [
  { name: 'fast', options: {} },
  { name: 'not fast', options: { outbound: { fastMode: false } } },
  { name: 'through another outbound', options: { route: 'direct' } },
];

describe.each(routes)('$name', ({ options }) => {
  for (const { secret, tag } of framings) {
    it.each(kinds)(
      `carries a ${tag} client of a ${secret.length === 32 ? 'plain' : 'dd'} secret to $kind data centre $dc`,
      async ({ dc }) => {
        const dataCenter = keep(await startFakeDc());
        const users = [
          { secret: other, email: 'else' },
          { secret, email: 'ann', level: 3 },
        ];
        const proxy = keep(
          await startProxy({ inbound: { users, dataCenters: { [dc]: [dataCenter.address] } }, ...options }),
        );
        const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret, tag, dc }));
        const answer = await client.requestPq();
        const seen = await dataCenter.nextConnection();
        expect(answer.fingerprints).toEqual([dataCenter.fingerprint]);
        expect({ dc: seen.dc, tag: seen.tag }).toEqual({ dc, tag });
        await client.close();
        const { session } = await proxy.inbound.nextEnd();
        expect(session.user).toMatchObject({ email: 'ann', level: 3 });
        expect(session.target).toMatchObject({ network: 'tcp', host: dataCenter.host, port: dataCenter.port });
        await expectNothingLeft(proxy);
      },
    );
  }

  it('carries 10 MiB up, and the answer after the half-close', async () => {
    const dataCenter = keep(await startFakeDc({ mode: 'sink' }));
    const proxy = await proxyTo({ 2: [dataCenter.address] }, options);
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain }));
    client.send(patternBytes(size));
    client.end();
    expect((await client.readToEnd()).toString('hex')).toBe(patternSha256(size));
    const { result } = await proxy.inbound.nextEnd();
    expect(result).toMatchObject({ end: 'done', uplink: size, downlink: 32 });
    await expectNothingLeft(proxy);
  });

  it('carries 10 MiB down, and the half-close behind it', async () => {
    const dataCenter = keep(await startFakeDc({ mode: 'source', sourceBytes: size }));
    const proxy = await proxyTo({ 2: [dataCenter.address] }, options);
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain }));
    client.send(Buffer.from('?'));
    expect(await download(client)).toBe(patternSha256(size));
    client.end();
    const { result } = await proxy.inbound.nextEnd();
    expect(result).toMatchObject({ end: 'done', uplink: 1, downlink: size });
    await expectNothingLeft(proxy);
  });

  it('carries both ways at once', async () => {
    const dataCenter = keep(await startFakeDc({ mode: 'echo' }));
    const proxy = await proxyTo({ 2: [dataCenter.address] }, options);
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain }));
    for (let offset = 0; offset < size; offset += size / 64) client.send(patternBytes(size / 64, offset));
    client.end();
    expect(await download(client)).toBe(patternSha256(size));
    await expectNothingLeft(proxy);
  });
});

describe('the way to the data centre', () => {
  it('falls back to the next address, and names the first if none answers', async () => {
    const gone = await startFakeDc();
    await gone.close();
    const dataCenter = keep(await startFakeDc());
    const proxy = await proxyTo({ 2: [gone.address, dataCenter.address], 3: [gone.address] });
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain, dc: 2 }));
    expect((await client.requestPq()).fingerprints).toEqual([dataCenter.fingerprint]);
    await client.close();
    await proxy.inbound.nextEnd();

    const refused = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain, dc: 3 }));
    expect((await proxy.inbound.nextEnd()).error).toMatchObject({ code: 'E_DIAL_REFUSED' });
    await refused.close();
    await expectNothingLeft(proxy);
  });

  it('ends with a reason for a data centre that does not exist', async () => {
    const proxy = await proxyTo({});
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain, dc: 77 }));
    const { error } = await proxy.inbound.nextEnd();
    expect(error).toMatchObject({ code: 'E_UNSUPPORTED', details: { dc: 77 } });
    await client.close();
    await expectNothingLeft(proxy);
  });

  it('ends for both when the data centre resets', async () => {
    const dataCenter = keep(await startFakeDc());
    const proxy = await proxyTo({ 2: [dataCenter.address] });
    const client = keep(await connectMtproto({ host: '127.0.0.1', port: proxy.port, secret: plain }));
    await client.requestPq();
    (await dataCenter.nextConnection()).destroy('reset');
    await expect(client.readToEnd()).rejects.toThrow();
    expect((await proxy.inbound.nextEnd()).result).toMatchObject({ end: 'upstream-reset' });
    await expectNothingLeft(proxy);
  });

  it('is not open to connections of other inbounds', async () => {
    const proxy = await proxyTo({});
    const to = { network: 'tcp', type: 'ipv4', host: '127.0.0.1', port: 1 } as const;
    await expect(proxy.outbound.connect(to)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });
});
