import { once } from 'node:events';
import net from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createClientHello, startFakeDc } from '@sluice/testing';
import { nothingOpen, startProxy, type TestProxy } from '../proxy.fixture.js';

const key = '00112233445566778899aabbccddeeff';
const ee = `ee${key}${Buffer.from('front.example').toString('hex')}`;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A host that answers with what it was sent and says when the visitor has ended. */
class Site {
  readonly received: string[] = [];
  visits = -1;
  readonly measured: Promise<void>;
  constructor(readonly server: net.Server) {
    // The inbound asks first what the site's own answers look like.
    this.measured = new Promise((resolve) =>
      server.once('connection', (socket: net.Socket) => socket.once('close', resolve).end()),
    );
    server.on('connection', (socket) => {
      if (this.visits < 0) {
        this.visits += 1;
        socket.on('error', () => undefined).resume();
        return;
      }
      const at = this.visits;
      this.visits += 1;
      this.received[at] = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        this.received[at] = (this.received[at] ?? '') + chunk.toString('latin1');
        socket.write(chunk);
      });
      socket.on('end', () => socket.end('bye'));
    });
  }

  static async start(path?: string): Promise<Site> {
    const server = net.createServer({ allowHalfOpen: true });
    server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path });
    await once(server, 'listening');
    cleanups.push(async () => {
      server.close();
      await once(server, 'close');
    });
    return new Site(server);
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }
}

async function start(settings: object, site?: Site, handshake = 300): Promise<TestProxy> {
  const inbound = { users: [{ secret: ee, email: 'ann' }], ...settings };
  const proxy = await startProxy({ inbound, policy: { handshake } });
  cleanups.push(async () => {
    await proxy.quiet();
    await proxy.close();
    expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
    expect(proxy.outbound.plane.state()).toMatchObject(nothingOpen);
  });
  await site?.measured;
  return proxy;
}

/** Sends the bytes and its end, and gives what came back. */
async function visit(proxy: TestProxy, bytes: Buffer, end = true): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  if (end) socket.end(bytes);
  else socket.write(bytes);
  let got = '';
  for await (const chunk of socket) got += (chunk as Buffer).toString('latin1');
  socket.destroy();
  return got;
}

function reasons(proxy: TestProxy): Record<string, number> {
  const all = proxy.inbound.stats.query('>>>handshake>>>refused>>>');
  return Object.fromEntries([...all].map(([name, value]) => [name.split('>>>').at(-1) ?? '', value]));
}

describe('strangers with a fronted host', () => {
  it.each([
    ['HTTP in the clear', Buffer.from('GET / HTTP/1.1\r\nHost: front.example\r\n\r\n'), 'protocol'],
    ['one byte', Buffer.of(0x41), 'protocol'],
    ['noise', Buffer.alloc(500, 0xa7), 'protocol'],
    ['the beginning of a hello', Buffer.from('1603010200010001fc0303', 'hex'), 'incomplete'],
    ['nothing at all', Buffer.alloc(0), 'incomplete'],
  ])('are led on byte for byte: %s', async (_name, bytes, reason) => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address } }, site);
    expect(await visit(proxy, bytes)).toBe(`${bytes.toString('latin1')}bye`);
    expect(site.received).toEqual([bytes.toString('latin1')]);
    expect(reasons(proxy)).toEqual({ [reason]: 1 });
  });

  it('are led on at every split point of their first bytes', async () => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address } }, site);
    const bytes = Buffer.from('16030100', 'hex');
    const whole = Buffer.concat([bytes, Buffer.from('no hello')]);
    for (let split = 1; split < whole.length; split += 1) {
      const socket = net.connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true, noDelay: true });
      socket.write(whole.subarray(0, split), () => socket.end(whole.subarray(split)));
      let got = '';
      for await (const chunk of socket) got += (chunk as Buffer).toString('latin1');
      expect(got).toBe(`${whole.toString('latin1')}bye`);
      socket.destroy();
    }
    expect(new Set(site.received)).toEqual(new Set([whole.toString('latin1')]));
  });

  it('are led on when they keep silent, and may speak later', async () => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address } }, site);
    const arrived = once(site.server, 'connection');
    const socket = net.connect({ host: '127.0.0.1', port: proxy.port });
    const [visitor] = (await arrived) as [net.Socket];
    const heard = once(socket, 'data');
    visitor.write('are you there?');
    expect(String((await heard)[0])).toBe('are you there?');
    expect(reasons(proxy)).toEqual({ timeout: 1 });
    socket.end('yes');
    let got = '';
    for await (const chunk of socket) got += (chunk as Buffer).toString();
    expect(got).toBe('yesbye');
    expect(site.received).toEqual(['yes']);
  });

  it("have the host's own time limit, not ours before it", async () => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address } }, site, 60_000);
    const arrived = once(site.server, 'connection');
    const socket = net.connect({ host: '127.0.0.1', port: proxy.port });
    socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
    await arrived;
    expect(reasons(proxy)).toEqual({});
    socket.destroy();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a hello', Buffer.from('1603010200010001fc0303', 'hex')],
  ])('hear at once that the host has had enough of them: %s', async (_name, bytes) => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address } }, site, 60_000);
    const arrived = once(site.server, 'connection');
    const closed = visit(proxy, bytes, false);
    const [visitor] = (await arrived) as [net.Socket];
    visitor.end('408');
    expect(await closed).toBe('408');
    expect(site.received).toEqual([bytes.toString('latin1')]);
    expect(site.visits).toBe(1);
    expect(reasons(proxy)).toEqual({ timeout: 1 });
  });

  it('that turn out to be users are not cut off by what the host says to whom it does not hear', async () => {
    const dataCenter = await startFakeDc();
    cleanups.push(() => dataCenter.close());
    const site = await Site.start();
    const dataCenters = { 2: [dataCenter.address] };
    const proxy = await start({ fronting: { host: site.address }, dataCenters }, site, 60_000);
    const arrived = once(site.server, 'connection');
    const { record } = createClientHello({ serverName: 'front.example', key: Buffer.from(key, 'hex') });
    const socket = net.connect({ host: '127.0.0.1', port: proxy.port });
    socket.write(record.subarray(0, 700));
    const [visitor] = (await arrived) as [net.Socket];
    const answered = once(socket, 'data');
    const left = once(visitor, 'close');
    socket.write(record.subarray(700));
    await answered;
    // Proven, though the header is still to come: the host is left at once.
    await left;
    expect(socket.readyState).toBe('open');
    socket.destroy();
  });

  it('that turn out to be slow users are answered, and the host hears nothing of them', async () => {
    const dataCenter = await startFakeDc();
    cleanups.push(() => dataCenter.close());
    const site = await Site.start();
    const dataCenters = { 2: [dataCenter.address] };
    const proxy = await start({ fronting: { host: site.address }, dataCenters }, site, 60_000);
    const arrived = once(site.server, 'connection');
    const { record } = createClientHello({ serverName: 'front.example', key: Buffer.from(key, 'hex') });
    const socket = net.connect({ host: '127.0.0.1', port: proxy.port });
    socket.write(record.subarray(0, 700));
    const [visitor] = (await arrived) as [net.Socket];
    const left = once(visitor, 'close');
    const answered = once(socket, 'data');
    socket.write(record.subarray(700));
    const [flight] = (await answered) as [Buffer];
    expect(flight.subarray(0, 3).toString('hex')).toBe('160303');
    socket.destroy();
    await left;
    expect(site.received).toEqual(['']);
    expect(reasons(proxy)).toEqual({});
  });

  it('reach a Unix socket, by configuration only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'front-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'site.sock');
    const site = await Site.start(path);
    const proxy = await start({ fronting: { host: path } }, site);
    expect(await visit(proxy, Buffer.from('HELLO'))).toBe('HELLObye');
  });

  it('that are silent take no more than half of the room', async () => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address, maxConnections: 2 }, strangers: 'close' }, site);
    const arrived = once(site.server, 'connection');
    const silent = net.connect({ host: '127.0.0.1', port: proxy.port });
    await arrived;
    // A second one finds no room, and is closed when its time is up.
    expect(await visit(proxy, Buffer.alloc(0), false)).toBe('');
    expect(await visit(proxy, Buffer.from('GET /'))).toBe('GET /bye');
    silent.destroy();
  });

  it('may be answered long after they have ended their direction', async () => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address } }, site);
    site.server.removeAllListeners('connection');
    const arrived = once(site.server, 'connection');
    const answer = visit(proxy, Buffer.from('GET /'));
    const [host] = (await arrived) as [net.Socket];
    await once(host.resume(), 'end');
    // Longer than the policy's downlinkOnly of the test.
    await new Promise((resolve) => proxy.inbound.plane.timers.after(3000, () => resolve(undefined)));
    host.end('at last');
    expect(await answer).toBe('at last');
  });

  it('get nothing from elsewhere when there are too many of them', async () => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address, maxConnections: 1 }, strangers: 'close' }, site);
    const first = net.connect({ host: '127.0.0.1', port: proxy.port });
    const answered = once(first, 'data');
    first.write('x');
    await answered;
    expect(await visit(proxy, Buffer.from('y'))).toBe('');
    first.end();
    await once(first.resume(), 'close');
    expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_AUTH');
    expect((await proxy.inbound.nextEnd()).result?.end).toBe('done');
    expect(await visit(proxy, Buffer.from('z'))).toBe('zbye');
  });

  it.each([
    ['noise', Buffer.alloc(100, 0xa7), { protocol: 2 }],
    ['silence', Buffer.alloc(0), { protocol: 1, timeout: 1 }],
  ])('are read no longer than their time when there are too many of them: %s', async (_name, bytes, refused) => {
    const site = await Site.start();
    const proxy = await start({ fronting: { host: site.address, maxConnections: 1 } }, site);
    const first = net.connect({ host: '127.0.0.1', port: proxy.port });
    const answered = once(first, 'data');
    first.write('x');
    await answered;
    expect(await visit(proxy, bytes, false)).toBe('');
    expect(reasons(proxy)).toEqual(refused);
    first.end();
    await once(first.resume(), 'close');
  });

  it('see a connection that ends when the fronted host is gone', async () => {
    const proxy = await start({ fronting: { host: '127.0.0.1:1' } });
    expect(await visit(proxy, Buffer.from('HELLO'))).toBe('');
    expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_DIAL_REFUSED');
  });
});

describe('strangers without a fronted host', () => {
  it('are read in silence until their time is up', async () => {
    const proxy = await start({});
    expect(await visit(proxy, Buffer.from('HELLO'), false)).toBe('');
    expect((await proxy.inbound.nextEnd()).error?.code).toBe('E_AUTH');
  });

  it('are closed at once where that is asked for', async () => {
    const proxy = await start({ strangers: 'close' }, undefined, 60_000);
    expect(await visit(proxy, Buffer.from('HELLO'), false)).toBe('');
    expect(reasons(proxy)).toEqual({ protocol: 1 });
  });
});
