import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { makeCertificate, type Certificate } from '../commands/doctor/site.fixture.js';
import { nothingOpen, startProxy } from '../proxy.fixture.js';

const name = 'site.test';
const secret = `ee00112233445566778899aabbccddeeff${Buffer.from(name).toString('hex')}`;
const unknown = { 0: '', 1: 'PROXY UNKNOWN\r\n', 2: '\r\n\r\n\0\r\nQUIT\n!\0\0\0' };
const cleanups: (() => Promise<void>)[] = [];
let certificate: Certificate;

beforeAll(async () => void (certificate = await makeCertificate(name, 90)));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A TLS server that hangs up on whoever does not begin with the header. */
async function startHost(header: string): Promise<string> {
  const sockets = new Set<Socket>();
  const secure = tls.createServer({ cert: certificate.certificate, key: certificate.key });
  // Who measures leaves after the first flight.
  secure.on('tlsClientError', () => undefined);
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    const take = (): void => {
      if (socket.readableLength < Math.max(header.length, 1)) {
        socket.once('readable', take);
        return;
      }
      const bytes = socket.read() as Buffer;
      if (!bytes.toString('latin1').startsWith(header)) {
        socket.destroy();
        return;
      }
      socket.unshift(bytes.subarray(header.length));
      secure.emit('connection', socket);
    };
    take();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([0, 1, 2] as const)('a host is measured that expects version %i of the PROXY protocol', async (version) => {
  const host = await startHost(unknown[version]);
  const fronting = version === 0 ? { host } : { host, proxyProtocol: version };
  const proxy = await startProxy({ inbound: { users: [{ secret }], fronting } });
  cleanups.push(async () => {
    await proxy.close();
    await proxy.quiet();
    expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  });
  await expect.poll(() => proxy.inbound.logger.lines, { timeout: 10_000 }).toHaveLength(1);
  expect(proxy.inbound.logger.lines[0]).toMatch(/^debug answers under site\.test look like the fronted host's/);
});

const measured = /^debug answers under site\.test look like the fronted host's/;

it('a host is measured for a user who comes while the inbound runs', async () => {
  const fronting = { host: await startHost('') };
  const plain = '00112233445566778899aabbccddee00';
  const proxy = await startProxy({ inbound: { users: [{ email: 'ann', secret: plain }], fronting } });
  cleanups.push(async () => {
    await proxy.close();
    await proxy.quiet();
    expect(proxy.inbound.plane.state()).toMatchObject(nothingOpen);
  });
  proxy.inbound.inbound.users?.add({ email: 'bob', secret });
  await expect.poll(() => proxy.inbound.logger.lines, { timeout: 10_000 }).toEqual([expect.stringMatching(measured)]);
  // Known already.
  proxy.inbound.inbound.users?.add({ email: 'eve', secret: secret.replace('ee00', 'ee01') });
  await proxy.quiet();
  expect(proxy.inbound.logger.lines).toHaveLength(1);
});

it('the look of a host goes over to an inbound that succeeds, which asks in its place', async () => {
  const fronting = { host: await startHost('') };
  const settings = { users: [{ email: 'ann', secret }], fronting };
  const before = await startProxy({ inbound: settings });
  await expect.poll(() => before.inbound.logger.lines, { timeout: 10_000 }).toHaveLength(1);
  const after = await startProxy({ inbound: { ...settings, addressFamily: 'prefer-ipv6' }, previous: before });
  await expect.poll(() => after.inbound.logger.lines, { timeout: 10_000 }).toEqual([expect.stringMatching(measured)]);
  // One timer each hour: that of the one who is there now.
  await before.quiet();
  expect(before.inbound.plane.timers.size).toBe(1);
  await after.close();
  await expect.poll(() => before.inbound.logger.lines, { timeout: 10_000 }).toHaveLength(2);
  await before.close();
  await before.quiet();
  expect(before.inbound.plane.state()).toMatchObject(nothingOpen);
});
