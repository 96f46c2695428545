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
