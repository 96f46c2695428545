import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SluiceError, type ConnectOptions, type Link } from '@sluice/plugin-api';
import { DirectDialer, hostInbound, type InboundHost, type StubSession } from '@sluice/testing';
import { formatRequest } from './codec.js';
import { socksInbound } from './index.js';
import { echoTcp, expectAtRest, hex, Wire, type Port } from './wire.fixture.js';

const GRANTED5 = hex('05 00 05 00 00 01 00000000 0000');
const GRANTED4 = hex('00 5a 0000 00000000');

/** Larger than what a SOCKS message may be, as a TLS hello is. */
const HELLO = Buffer.alloc(3000, 'hello');

let echo: Port;
let host: InboundHost;
const given: ConnectOptions[] = [];

/** A dispatcher that waits for as many bytes from the client before it connects, or fails. */
async function start(options: { goAhead: boolean; bytes?: number; fail?: boolean }): Promise<void> {
  const connect = async (
    session: unknown,
    to: Parameters<DirectDialer['dial']>[1],
    how: ConnectOptions,
  ): Promise<Link> => {
    given.push(how);
    if (options.goAhead) how.goAhead?.();
    const { bytes = 0 } = options;
    if (bytes > 0) await how.client?.reader.inspect((heard) => heard.length >= bytes);
    if (options.fail === true) throw new SluiceError('E_BLOCKED', 'no');
    return new DirectDialer(host.plane).dial(session as StubSession, to);
  };
  host = await hostInbound(socksInbound, {}, { connect });
}

beforeEach(async () => {
  echo = await echoTcp();
  given.length = 0;
});

afterEach(async () => {
  await host.close();
  await echo.close();
  await expectAtRest(host.plane);
});

const ask5 = (): Buffer => Buffer.concat([hex('05 01 00'), formatRequest(1, '127.0.0.1', echo.port)]);
const ask4 = (): Buffer =>
  Buffer.concat([hex('04 01'), Buffer.of(echo.port >> 8, echo.port & 255), hex('7f000001 00')]);
const ways = [
  ['SOCKS 5', ask5, GRANTED5],
  ['SOCKS 4', ask4, GRANTED4],
] as const;

describe.each(ways)('what is said first over %s', (_name, ask, granted) => {
  it('can be heard before the target is connected, from a client that waits for its answer', async () => {
    await start({ goAhead: true, bytes: HELLO.length });
    const wire = await Wire.to(host.port);
    wire.write(ask());
    expect(await wire.read(granted.length)).toEqual(granted);
    wire.write(HELLO.subarray(0, 1500));
    wire.write(HELLO.subarray(1500));
    wire.end();
    // The answer is not given a second time, and what was heard is not lost.
    expect(await wire.readToEnd()).toEqual(HELLO);
  });

  it('may come together with the request, and the answer first or last', async () => {
    for (const goAhead of [true, false]) {
      await start({ goAhead, bytes: HELLO.length });
      const wire = await Wire.to(host.port);
      wire.write(Buffer.concat([ask(), HELLO]));
      wire.end();
      expect(await wire.readToEnd()).toEqual(Buffer.concat([granted, HELLO]));
      if (goAhead) await host.close();
    }
  });

  it('is not waited for where nobody asks: the answer tells the truth', async () => {
    await start({ goAhead: false, fail: true });
    const wire = await Wire.to(host.port);
    wire.write(ask());
    const answer = await wire.readToEnd();
    expect(answer).toHaveLength(granted.length);
    expect(answer).not.toEqual(granted);
    expect((await host.nextEnd()).error?.code).toBe('E_BLOCKED');
    wire.close();
  });

  it('is followed by the end alone if the target cannot be connected', async () => {
    await start({ goAhead: true, bytes: 4, fail: true });
    const wire = await Wire.to(host.port);
    wire.write(ask());
    expect(await wire.read(granted.length)).toEqual(granted);
    wire.write(HELLO);
    expect(await wire.readToEnd()).toHaveLength(0);
    expect((await host.nextEnd()).error?.code).toBe('E_BLOCKED');
    wire.close();
  });
});

it('gives the dispatcher the client once, with its link', async () => {
  await start({ goAhead: false });
  const wire = await Wire.to(host.port);
  wire.write(ask5());
  expect(await wire.read(GRANTED5.length)).toEqual(GRANTED5);
  expect(given).toHaveLength(1);
  expect(given[0]?.client?.conn.remote.port).toBe(wire.socket.localPort);
  expect(given[0]?.payload).toBeUndefined();
  wire.close();
});
