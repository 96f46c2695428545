import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError, type ConnectOptions, type Link } from '@sluice/plugin-api';
import { DirectDialer, hostInbound, type InboundHost, type StubSession } from '@sluice/testing';
import { httpInbound } from './index.js';
import { Origin, Wire } from './wire.fixture.js';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

const open: { close(): Promise<void> | void }[] = [];
let host: InboundHost;
let origin: Origin;
const given: ConnectOptions[] = [];

/** A dispatcher that waits for that text from the client before it connects, or fails. */
async function start(options: { goAhead: boolean; until?: string; fail?: boolean }): Promise<void> {
  origin = await Origin.start();
  const connect = async (
    session: unknown,
    to: Parameters<DirectDialer['dial']>[1],
    how: ConnectOptions,
  ): Promise<Link> => {
    given.push(how);
    if (options.goAhead) how.goAhead?.();
    await how.client?.reader.inspect((heard) => heard.includes(options.until ?? ''));
    if (options.fail === true) throw new SluiceError('E_BLOCKED', 'no');
    return new DirectDialer(host.plane).dial(session as StubSession, to);
  };
  host = await hostInbound(httpInbound, {}, { connect });
  open.push(origin, host);
}

async function client(): Promise<Wire> {
  const wire = await Wire.connect(host.port);
  open.push({ close: () => void wire.socket.destroy() });
  return wire;
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  given.length = 0;
});

const ask = (): string => `CONNECT ${origin.host} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe('what is said first in a tunnel', () => {
  it('can be heard before the target is connected, from a client that waits for its answer', async () => {
    await start({ goAhead: true, until: 'first' });
    const wire = (await client()).send(ask());
    expect(await wire.until('\r\n\r\n')).toBe(ESTABLISHED);
    expect(origin.accepted).toBe(0);
    wire.send('first');
    const target = await origin.next();
    expect(await target.until('first')).toBe('first');
    target.send('answer').end();
    // The answer of the proxy is not given a second time.
    expect(await wire.rest()).toBe('answer');
  });

  it.each([true, false])('may come together with the request (answered before: %s)', async (goAhead) => {
    await start({ goAhead, until: 'first' });
    const wire = (await client()).send(`${ask()}first`);
    expect(await wire.until('\r\n\r\n')).toBe(ESTABLISHED);
    expect(await (await origin.next()).until('first')).toBe('first');
  });

  it('is followed by the end alone if the target cannot be connected', async () => {
    await start({ goAhead: true, until: 'first', fail: true });
    const wire = (await client()).send(ask());
    expect(await wire.until('\r\n\r\n')).toBe(ESTABLISHED);
    wire.send('first');
    expect(await wire.rest()).toBe('');
    expect(await host.nextEnd()).toMatchObject({ error: { code: 'E_BLOCKED' } });
  });

  it('is not waited for where nobody asks: the answer tells the truth', async () => {
    await start({ goAhead: false, fail: true });
    const wire = (await client()).send(ask());
    expect(await wire.message()).toMatch(/^HTTP\/1.1 403 /);
    expect(given).toHaveLength(1);
    expect(given[0]?.payload).toBeUndefined();
    expect(given[0]?.client?.conn.remote.port).toBe(wire.socket.localPort);
  });
});

describe('a plain request', () => {
  it('shows its head as the origin will be sent it, and nothing else of the client', async () => {
    await start({ goAhead: false });
    const wire = (await client()).send(
      `POST http://${origin.host}/a HTTP/1.1\r\nHost: b\r\nProxy-Authorization: Basic eDp5\r\nContent-Length: 4\r\n\r\nbody`,
    );
    const message = await (await origin.next()).message();
    expect(given).toHaveLength(1);
    expect(given[0]?.client).toBeUndefined();
    expect(given[0]?.goAhead).toBeUndefined();
    expect(`${given[0]?.payload?.toString('latin1')}body`).toBe(message);
    expect(message).toContain(`Host: ${origin.host}\r\n`);
    wire.end();
  });
});
