import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hostInbound } from '@sluice/testing';
import { httpInbound } from './index.js';
import { Origin, Wire } from './wire.fixture.js';

type Step = readonly ['client' | 'origin', 'send' | 'end' | 'reset', number];

const requests = (origin: string): string[] => [
  `GET http://${origin}/ HTTP/1.1\r\nHost: a\r\n\r\n`,
  `POST http://${origin}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`,
  `POST http://${origin}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `GET http://${origin}/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\ntunnel`,
  `CONNECT ${origin} HTTP/1.1\r\nHost: a\r\n\r\ntunnel`,
  `GET http://${origin}/ HTTP/1.0\r\n\r\n`,
  'junk\r\n\r\n',
];

const responses = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\nhello',
  'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\ntunnel',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'junk\r\n\r\n',
];

const step = fc.tuple(
  fc.constantFrom('client' as const, 'origin' as const),
  fc.oneof(
    { weight: 8, arbitrary: fc.constant('send' as const) },
    { weight: 1, arbitrary: fc.constantFrom('end' as const, 'reset' as const) },
  ),
  fc.nat(1000),
);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function play(wire: Wire, [, action, n]: Step, texts: readonly string[]): void {
  const text = texts[n % texts.length] as string;
  // Mostly whole, sometimes a part.
  if (action === 'send') wire.send(n % 5 === 0 ? text.slice(0, n % text.length) : text);
  else if (action === 'end') wire.end();
  else wire.reset();
}

it('leaves nothing behind and fails nobody else, whatever clients and origins do in whatever order', async () => {
  const host = await hostInbound(
    httpInbound,
    {},
    { policy: { handshake: 2000, connIdle: 2000, uplinkOnly: 100, downlinkOnly: 100 } },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const origin = await Origin.start();
      const texts = requests(origin.host);
      const client = await Wire.connect(host.port);
      const servers: Wire[] = [];
      let over = false;
      void (async () => {
        while (!over) servers.push(await origin.next());
      })();
      client.send(texts[steps.length % texts.length] as string);
      for (const one of steps) {
        for (let i = 0; i < 4; i += 1) await turn();
        if (one[0] === 'client') play(client, one, texts);
        else for (const server of servers) play(server, one, responses);
      }
      over = true;
      client.socket.destroy();
      for (const server of servers) server.socket.destroy();
      await origin.close();
      while (host.plane.conns > 0 || host.plane.timers.size > 0) await turn();
      expect(host.plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
    }),
    { numRuns: 500, endOnFailure: true },
  );
  const origin = await Origin.start();
  const witness = (await Wire.connect(host.port)).send(requests(origin.host)[0] as string);
  (await origin.next()).send(responses[0] as string);
  expect(await witness.message()).toBe(responses[0]);
  witness.socket.destroy();
  await host.close();
  await origin.close();
}, 60_000);
