import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SluiceError } from '@sluice/plugin-api';
import { hostInbound, type InboundHost, type InboundHostOptions } from '@sluice/testing';
import { formatCredentials, formatRequest } from './codec.js';
import { socksInbound } from './index.js';
import { echoTcp, expectAtRest, hex, Wire, type Port } from './wire.fixture.js';

const GRANTED = hex('05 00 00 01 00000000 0000');
const accounts = [
  { user: 'ann', pass: 'secret-of-ann' },
  { user: 'bob', pass: 'secret-of-bob' },
];

let echo: Port;
let host: InboundHost;

async function start(settings: object = {}, options: InboundHostOptions = {}): Promise<void> {
  host = await hostInbound(socksInbound, settings, options);
}

const connect = (): Promise<Wire> => Wire.to(host.port);
const request = (port = echo.port, name = '127.0.0.1'): Buffer => formatRequest(1, name, port);
const login = (user: string, pass: string): Buffer =>
  formatCredentials({ user: Buffer.from(user), pass: Buffer.from(pass) });

async function expectEcho(wire: Wire): Promise<void> {
  const payload = randomBytes(100_000);
  wire.write(payload);
  expect((await wire.read(payload.length)).equals(payload)).toBe(true);
  wire.end();
  expect(await wire.readToEnd()).toHaveLength(0);
}

beforeEach(async () => {
  echo = await echoTcp();
});

afterEach(async () => {
  await host.close();
  await echo.close();
  await expectAtRest(host.plane);
});

describe('a SOCKS 5 client', () => {
  it('is connected, by IP and by name', async () => {
    await start({ userLevel: 7 });
    for (const name of ['127.0.0.1', 'localhost', '::ffff:127.0.0.1']) {
      const wire = await connect();
      wire.write('05 01 00');
      expect(await wire.read(2)).toEqual(hex('05 00'));
      wire.write(request(echo.port, name));
      expect(await wire.read(10)).toEqual(GRANTED);
      await expectEcho(wire);
      const { session, result } = await host.nextEnd();
      expect(session.user).toEqual({ level: 7 });
      expect(session.target).toMatchObject({ network: 'tcp', port: echo.port });
      expect(result).toMatchObject({ end: 'done', uplink: 100_000, downlink: 100_000 });
    }
  });

  it('may send its handshake one byte at a time', async () => {
    await start({ auth: 'password', accounts });
    const wire = await connect();
    await wire.writeSlowly(Buffer.concat([hex('05 02 00 02'), login('bob', 'secret-of-bob'), request()]));
    expect(await wire.read(14)).toEqual(Buffer.concat([hex('05 02 01 00'), GRANTED]));
    await expectEcho(wire);
    expect((await host.nextEnd()).session.user).toEqual({ email: 'bob', level: 0 });
  });

  it('may send everything at once, payload and end of stream too, and loses nothing', async () => {
    await start();
    const payload = randomBytes(300_000);
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 00'), request(), payload]));
    wire.end();
    expect(await wire.read(12)).toEqual(Buffer.concat([hex('05 00'), GRANTED]));
    expect((await wire.readToEnd()).equals(payload)).toBe(true);
  });

  it('is let in only with the password of its own account, and told so without it', async () => {
    await start({ auth: 'password', accounts });
    const wrong: [string, string][] = [
      ['ann', 'secret-of-bob'],
      ['ann', ''],
      ['', ''],
      ['annsecret', '-of-ann'],
      ['eve', 'x'.repeat(255)],
    ];
    for (const [user, pass] of wrong) {
      const wire = await connect();
      wire.write(Buffer.concat([hex('05 01 02'), login(user, pass)]));
      expect(await wire.readToEnd()).toEqual(hex('05 02 01 01'));
      wire.close();
      const { error } = await host.nextEnd();
      expect(error?.code).toBe('E_AUTH');
      expect(JSON.stringify([error?.message, error?.details, host.logger.lines])).not.toMatch(/ann|secret|xxx/);
    }
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 02'), login('ann', 'secret-of-ann'), request()]));
    expect(await wire.read(14)).toEqual(Buffer.concat([hex('05 02 01 00'), GRANTED]));
    wire.close();
  });

  it('is refused when it does not offer the method that is wanted', async () => {
    await start({ auth: 'password', accounts });
    for (const greeting of ['05 01 00', '05 00', '05 03 00 01 03']) {
      const wire = await connect();
      wire.write(greeting);
      expect(await wire.readToEnd()).toEqual(hex('05 ff'));
      wire.close();
      expect((await host.nextEnd()).error?.code).toBe('E_AUTH');
    }
  });

  it.each([
    ['E_BLOCKED', {}, 2],
    ['E_DIAL_UNREACHABLE', { cause: { code: 'ENETUNREACH' } }, 3],
    ['E_DIAL_UNREACHABLE', { cause: { code: 'EHOSTUNREACH' } }, 4],
    ['E_DNS_NOT_FOUND', {}, 4],
    ['E_DIAL_REFUSED', {}, 5],
    ['E_DIAL_TIMEOUT', {}, 6],
    ['E_UPSTREAM_REJECTED', { details: { reply: 3 } }, 3],
    ['E_UPSTREAM_REJECTED', { details: { reply: 300 } }, 1],
    ['E_INTERNAL', {}, 1],
  ] as const)('learns why it was not connected: %s %o is reply %i', async (code, options, reply) => {
    await start({}, { connect: () => Promise.reject(new SluiceError(code, 'no', options)) });
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 00'), request(), randomBytes(200_000)]));
    expect(await wire.readToEnd()).toEqual(
      Buffer.concat([hex('05 00 05'), Buffer.from([reply]), hex('00 01 00000000 0000')]),
    );
    wire.write('00');
    wire.end();
    await once(wire.socket, 'close');
    expect((await host.nextEnd()).error?.code).toBe(code);
    // Its payload was still being taken: a reset would, on some systems, have swallowed the reply.
    expect(wire.failure).toBeUndefined();
  });

  it('learns of a real refusal', async () => {
    await start();
    const { port } = echo;
    await echo.close();
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 00'), request(port)]));
    expect(await wire.readToEnd()).toEqual(hex('0500 05 05 00 01 00000000 0000'));
    wire.close();
    echo = await echoTcp();
  });

  it.each([
    ['BIND', '05 02 00 01 7f000001 0050', 7, 'E_UNSUPPORTED'],
    ['an unknown command', '05 09 00 01 7f000001 0050', 7, 'E_UNSUPPORTED'],
    ['UDP where it is not enabled', '05 03 00 01 00000000 0000', 7, 'E_UNSUPPORTED'],
    ['an unknown kind of address', '05 01 00 02 7f000001 0050', 8, 'E_PROTOCOL'],
    ['a path on this machine', '05 01 00 03 14 2f7661722f72756e2f646f636b65722e736f636b 0050', 1, 'E_ADDRESS_INVALID'],
    ['an abstract socket', '05 01 00 03 02 4061 0050', 1, 'E_ADDRESS_INVALID'],
    ['a name that is none', '05 01 00 03 03 610a62 0050', 1, 'E_ADDRESS_INVALID'],
  ])('is refused %s', async (_what, message, reply, code) => {
    await start({}, { connect: () => Promise.reject(new SluiceError('E_INTERNAL', 'must not be asked')) });
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 00'), hex(message)]));
    expect(await wire.readToEnd()).toEqual(
      Buffer.concat([hex('05 00 05'), Buffer.from([reply]), hex('00 01 00000000 0000')]),
    );
    wire.close();
    expect((await host.nextEnd()).error?.code).toBe(code);
  });
});

describe('a SOCKS 4 client', () => {
  const request4 = (tail = '7f000001 7573657200'): Buffer =>
    Buffer.concat([hex('04 01'), Buffer.from([echo.port >> 8, echo.port & 255]), hex(tail)]);

  it('is connected by address, and by name as 4A has it', async () => {
    await start();
    for (const tail of ['7f000001 00', '7f000001 7573657200', '00000001 7500 6c6f63616c686f737400']) {
      const wire = await connect();
      await wire.writeSlowly(request4(tail));
      expect(await wire.read(8)).toEqual(hex('00 5a 0000 00000000'));
      await expectEcho(wire);
      expect((await host.nextEnd()).result?.end).toBe('done');
    }
  });

  it('is refused where a password is wanted, before it has said what it wants', async () => {
    await start({ auth: 'password', accounts });
    const wire = await connect();
    wire.write('04');
    expect(await wire.readToEnd()).toEqual(hex('00 5b 0000 00000000'));
    wire.close();
    expect((await host.nextEnd()).error?.code).toBe('E_AUTH');
  });

  it('learns that it was not connected', async () => {
    await start({}, { connect: () => Promise.reject(new SluiceError('E_DIAL_REFUSED', 'no')) });
    for (const bytes of [
      request4(),
      hex('04 02 0050 7f000001 00'),
      hex('04 01 0050 00000001 00 2f6100'),
      Buffer.concat([hex('04 01 0050 7f000001'), Buffer.alloc(256, 'u')]),
    ]) {
      const wire = await connect();
      wire.write(bytes);
      expect(await wire.readToEnd()).toEqual(hex('00 5b 0000 00000000'));
      wire.close();
      expect((await host.nextEnd()).error).toBeDefined();
    }
  });
});

describe('a stranger', () => {
  it('that speaks something else gets no answer', async () => {
    await start();
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), hex('00'), hex('16 03 01 02'), hex('ff')]) {
      const wire = await connect();
      wire.write(bytes);
      expect(await wire.readToEnd()).toHaveLength(0);
      wire.close();
      expect((await host.nextEnd()).error?.code).toBe('E_PROTOCOL');
    }
  });

  it('that speaks wrongly in the middle is ended there', async () => {
    await start({ auth: 'password', accounts });
    for (const bytes of ['05 01 02 05', '05 01 02 02']) {
      const wire = await connect();
      wire.write(bytes);
      expect(await wire.readToEnd()).toEqual(hex('05 02'));
      wire.close();
      expect((await host.nextEnd()).error?.code).toBe('E_PROTOCOL');
    }
  });

  it('that ends or resets at any point of the handshake leaves nothing behind', async () => {
    await start({ auth: 'password', accounts });
    const whole = Buffer.concat([hex('05 01 02'), login('ann', 'secret-of-ann'), request()]);
    for (let size = 0; size < whole.length; size += 1) {
      const wire = await connect();
      if (size > 0) wire.write(whole.subarray(0, size));
      if (size % 2 === 0) wire.end();
      else wire.reset();
      expect((await host.nextEnd()).error?.code, `${size} bytes`).toMatch(/^E_CONN_(CLOSED|RESET)$/);
      wire.close();
    }
  });

  it('that sends random bytes is ended by a coded error', async () => {
    await start({ auth: 'password', accounts, udp: true });
    for (let i = 0; i < 60; i += 1) {
      const wire = await connect();
      const junk = randomBytes(1 + i * 20);
      // Half of them get past the first byte.
      if (i % 4 < 2) junk[0] = 4 + (i % 2);
      wire.write(junk);
      wire.end();
      await wire.readToEnd();
      wire.close();
      expect((await host.nextEnd()).error).toBeInstanceOf(SluiceError);
    }
  });

  it('that stops half-way is ended by the time limit', async () => {
    await start({}, { policy: { handshake: 200 } });
    const wire = await connect();
    wire.write('05 01 00 05 01');
    expect(await wire.readToEnd()).toEqual(hex('05 00'));
    expect((await host.nextEnd()).error?.code).toBe('E_CONN_CLOSED');
    wire.close();
  });

  it('that does not read or close after a refusal is closed all the same', async () => {
    await start({ auth: 'password', accounts });
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 02'), login('a', 'b')]));
    expect((await host.nextEnd()).error?.code).toBe('E_AUTH');
    wire.close();
  });
});

describe('the time limit of the handshake', () => {
  it('does not cut off a dial that takes longer', async () => {
    let dialling!: () => void;
    const asked = new Promise<void>((resolve) => (dialling = resolve));
    let refuseDial!: (error: Error) => void;
    await start(
      {},
      {
        policy: { handshake: 100 },
        connect: () => {
          dialling();
          return new Promise((_resolve, reject) => (refuseDial = reject));
        },
      },
    );
    const wire = await connect();
    wire.write(Buffer.concat([hex('05 01 00'), request()]));
    await asked;
    const passed = new Promise<void>((resolve) => void host.plane.timers.after(400, resolve));
    await passed;
    refuseDial(new SluiceError('E_DIAL_TIMEOUT', 'late'));
    expect(await wire.readToEnd()).toEqual(hex('0500 05 06 00 01 00000000 0000'));
    wire.close();
  });
});
