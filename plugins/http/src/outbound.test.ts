import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from 'vitest';
import { destination, SluiceError, type Destination, type Link } from '@sluice/plugin-api';
import { DirectDialer, hostOutbound, StubSession, type OutboundHost } from '@sluice/testing';
import { httpOutbound } from './index.js';
import type { OutboundSettings } from './schema.js';
import { Origin, type Wire } from './wire.fixture.js';

const to = destination('tcp', 'example.org', 443);
let proxy: Origin;
let host: OutboundHost;

async function start(more: Partial<OutboundSettings['servers'][number]> = {}): Promise<void> {
  proxy = await Origin.start();
  host = await hostOutbound(httpOutbound, { servers: [{ address: '127.0.0.1', port: proxy.port, ...more }] });
}

afterEach(async () => {
  await host.close();
  await proxy.close();
});

/** Connects against a proxy that answers so; the link, or what was thrown. */
async function answered(
  reply: string | ((wire: Wire) => Promise<void> | void),
  target: Destination = to,
): Promise<{ link?: Link; error?: SluiceError; request: string }> {
  const connected = host.connect(target).then(
    (link) => ({ link }),
    (error: unknown) => ({ error: error as SluiceError }),
  );
  const wire = await proxy.next();
  const request = await wire.until('\r\n\r\n');
  if (typeof reply === 'string') wire.send(reply);
  else await reply(wire);
  return { ...(await connected), request };
}

/** Waits until no connection is left; fails by the test's time limit. */
async function settled(): Promise<void> {
  while (host.plane.conns > 0 || host.plane.timers.size > 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('the HTTP outbound', () => {
  it('asks by CONNECT, and keeps what follows the reply', async () => {
    await start();
    const { link, request } = await answered(
      'HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nearly',
    );
    expect(request).toBe(
      'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nProxy-Connection: Keep-Alive\r\n\r\n',
    );
    expect((await link?.reader.readExactly(5))?.toString()).toBe('early');
    link?.destroy();
    await settled();
  });

  it('writes IPv6 addresses in brackets', async () => {
    await start();
    const { link, request } = await answered('HTTP/1.0 200 OK\r\n\r\n', destination('tcp', '2001:db8::1', 22));
    expect(request).toContain('CONNECT [2001:db8::1]:22 HTTP/1.1\r\nHost: [2001:db8::1]:22\r\n');
    link?.destroy();
  });

  it('logs in, in turn as each of its users', async () => {
    await start({
      users: [
        { user: 'ann', pass: 'a:b' },
        { user: 'bob', pass: 'gr\u00fcn' },
      ],
    });
    const seen: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { link, request } = await answered('HTTP/1.1 200 OK\r\n\r\n');
      const encoded = /\r\nProxy-Authorization: Basic (.*)\r\n/.exec(request)?.[1] ?? '';
      seen.push(Buffer.from(encoded, 'base64').toString());
      link?.destroy();
    }
    expect(seen).toEqual(['ann:a:b', 'bob:gr\u00fcn', 'ann:a:b']);
  });

  it('understands a reply byte by byte, with interim ones before it', async () => {
    await start();
    const { link } = await answered(async (wire) => {
      for (const byte of 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nVia: x\r\n\r\n!') {
        wire.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect((await link?.reader.readExactly(1))?.toString()).toBe('!');
    link?.destroy();
  });

  it.each([
    ['HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n', 'E_AUTH', '407'],
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 'E_UPSTREAM_REJECTED', '403'],
    ['HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n', 'E_UPSTREAM_REJECTED', '302'],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'E_PROTOCOL', 'final response'],
    ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(20), 'E_PROTOCOL', 'final response'],
    ['HTTP/1.1 200 OK\nA: b\n\n', 'E_PROTOCOL', 'without CR'],
    ['HTTP/1.1 200 OK\r\nA: \0\r\n\r\n', 'E_PROTOCOL', 'NUL'],
    ['\x05\x00', 'E_PROTOCOL', 'NUL'],
    [`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}`, 'E_HANDSHAKE_LIMIT', '65536 bytes'],
  ])('gives up with %j: %s', async (reply, code, words) => {
    await start({ users: [{ user: 'ann', pass: 'geheim' }] });
    const { error } = await answered(reply);
    expect(error).toBeInstanceOf(SluiceError);
    expect(error?.code).toBe(code);
    expect(`${error?.message} ${JSON.stringify(error?.details)}`).toContain(words);
    expect(error?.message).not.toContain('geheim');
    await settled();
  });

  it.each<[string, (wire: Wire) => void]>([
    [
      'E_CONN_CLOSED',
      (wire) => {
        wire.send('HTTP/1.1 200').end();
      },
    ],
    ['E_CONN_RESET', (wire) => wire.reset()],
  ])('gives up with %s when the proxy leaves', async (code, leave) => {
    await start();
    expect((await answered(leave)).error?.code).toBe(code);
    await settled();
  });

  it('takes its servers in turn and passes over one that cannot be reached', async () => {
    await start();
    const dialled: number[] = [];
    const direct = new DirectDialer(host.plane);
    const servers = [1, proxy.port, 2].map((port) => ({ address: '127.0.0.1', port }));
    const outbound = await hostOutbound(
      httpOutbound,
      { servers },
      {
        dialer: {
          dial: (session, server) => {
            dialled.push(server.port);
            return server.port === proxy.port
              ? direct.dial(session, server)
              : Promise.reject(new SluiceError('E_DIAL_REFUSED', 'no'));
          },
          dialAny: (session, [first]) => direct.dial(session, first),
          openPackets: () => direct.openPackets(),
        },
      },
    );
    for (let i = 0; i < 3; i += 1) {
      const connected = outbound.connect(to);
      const wire = await proxy.next();
      wire.send('HTTP/1.1 200 OK\r\n\r\n');
      (await connected).destroy();
    }
    expect(dialled).toEqual([1, proxy.port, proxy.port, 2, 1, proxy.port]);
    await settled();
  });

  it('passes over none for an error that another server would not mend', async () => {
    await start();
    const error = new SluiceError('E_CLOSING', 'closing');
    const fail = (): Promise<never> => Promise.reject(error);
    const dialer = { dial: fail, dialAny: fail, openPackets: fail };
    const outbound = await hostOutbound(
      httpOutbound,
      {
        servers: [
          { address: 'a', port: 1 },
          { address: 'b', port: 1 },
        ],
      },
      { dialer },
    );
    await expect(outbound.connect(to)).rejects.toBe(error);
  });

  it('carries neither UDP nor what lies behind Unix sockets', async () => {
    await start();
    expect(host.outbound.openPackets).toBeUndefined();
    await expect(
      host.connect({ network: 'tcp', type: 'unix', host: '/run/x', port: 0 }, new StubSession()),
    ).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });
});
