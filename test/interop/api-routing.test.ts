import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../peers/process.js';
import { allOf, field, fieldsOf, grpcCall, grpcStream } from './grpc-call.fixture.js';
import { dial, door, serve, server, Started, startProgram, type Program } from './program.fixture.js';

const started = new Started();
afterEach(() => started.close());

const ROUTING = '/v2ray.core.app.router.command.RoutingService';
const OBSERVATORY = '/v2ray.core.app.observatory.command.ObservatoryService';

/** A RoutingContext's fields, as far as they are texts. */
interface Route {
  readonly inbound: string;
  readonly user: string;
  readonly groups: string;
  readonly outbound: string;
}

function routeIn(context: Buffer): Route {
  const text = (number: number): string => allOf(context, number).join(',');
  return { inbound: text(1), user: text(9), groups: text(11), outbound: text(12) };
}

async function start(): Promise<{ readonly program: Program; readonly api: number }> {
  const web = started.add(
    await serve((socket) => socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))),
  );
  const api = await freePort();
  const program = started.add(
    await startProgram({
      api: { services: ['RoutingService', 'ObservatoryService'], listen: `127.0.0.1:${api}` },
      observatory: {
        subjectSelector: ['out-', 'dead'],
        probeURL: `http://127.0.0.1:${web.port}/`,
        probeInterval: '100ms',
        enableConcurrency: true,
      },
      inbounds: [door('web', web.port)],
      outbounds: [
        { tag: 'direct', protocol: 'freedom' },
        { tag: 'out-1', protocol: 'freedom' },
        { tag: 'out-2', protocol: 'freedom' },
        { tag: 'dead', protocol: 'socks', settings: server(await freePort()) },
      ],
      routing: {
        balancers: [{ tag: 'b', selector: ['out-'] }],
        rules: [
          { type: 'field', inboundTag: ['web'], balancerTag: 'b' },
          { type: 'field', domain: ['full:blocked.test'], outboundTag: 'dead' },
          { type: 'field', user: ['bob'], network: 'udp', outboundTag: 'out-1' },
          { type: 'field', ip: ['192.0.2.0/24'], port: '443', outboundTag: 'out-2' },
        ],
      },
    }),
  );
  return { program, api };
}

describe("the API's routing, to the program", () => {
  it('tests where connections would go', async () => {
    const { api } = await start();
    const test = async (...context: Buffer[]): Promise<Route> => {
      const request = field(1, Buffer.concat(context));
      const { status, answer } = await grpcCall(api, `${ROUTING}/TestRoute`, request);
      expect(status).toBe(0);
      return routeIn(answer);
    };
    const udp = Buffer.of(0x10, 3);
    const https = Buffer.of(0x30, 0xbb, 0x03);
    expect(await test(field(7, 'Blocked.Test'))).toMatchObject({ outbound: 'dead', groups: '' });
    expect(await test(field(7, 'other.test'))).toMatchObject({ outbound: 'direct' });
    expect(await test(field(7, 'other.test'), field(9, 'bob'), udp)).toMatchObject({ outbound: 'out-1', user: 'bob' });
    expect(await test(field(7, 'other.test'), field(9, 'bob'))).toMatchObject({ outbound: 'direct' });
    expect(await test(field(4, Buffer.of(192, 0, 2, 7)), https)).toMatchObject({ outbound: 'out-2' });
    const { inbound, groups, outbound } = await test(field(1, 'web'), field(7, 'other.test'));
    expect([inbound, groups]).toEqual(['web', 'b']);
    expect(outbound).toMatch(/^out-[12]$/);
  });

  it('streams decisions, and obeys a balancer that is set by hand', async () => {
    const { program, api } = await start();
    const decisions = grpcStream(api, `${ROUTING}/SubscribeRoutingStats`, Buffer.alloc(0));
    const connect = async (): Promise<void> => {
      const { socket, closed } = await dial(program.port('web'));
      socket.on('data', () => undefined).end('x');
      await closed;
    };
    /** The next decision on a client's connection; the observatory's probes are decisions, too. */
    const next = async (): Promise<Route> => {
      for await (const context of { [Symbol.asyncIterator]: () => ({ next: () => decisions.next() }) }) {
        const route = routeIn(context);
        if (route.inbound === 'web') return route;
      }
      throw new Error('the stream has ended');
    };
    const set = async (target: string): Promise<number> =>
      (await grpcCall(api, `${ROUTING}/OverrideBalancerTarget`, Buffer.concat([field(1, 'b'), field(2, target)])))
        .status;
    const info = async (): Promise<string[][]> => {
      const { answer } = await grpcCall(api, `${ROUTING}/GetBalancerInfo`, field(1, 'b'));
      const [balancer = Buffer.alloc(0)] = allOf(answer, 1);
      const [override, targets] = [allOf(balancer, 5), allOf(balancer, 6)];
      return [override.flatMap((one) => allOf(one, 2)), targets.flatMap((one) => allOf(one, 1))].map((tags) =>
        tags.map(String),
      );
    };
    // The stream begins with the first wait for it; connections are made until one is seen.
    const first = next();
    let isSeen = false;
    void first.then(() => (isSeen = true));
    while (!isSeen) await connect();
    expect(await first).toMatchObject({ inbound: 'web', groups: 'b' });

    expect(await info()).toEqual([[], ['out-1', 'out-2']]);
    expect(await set('out-2')).toBe(0);
    expect(await info()).toEqual([['out-2'], ['out-1', 'out-2']]);
    // What was decided before is still in the stream.
    await connect();
    let seen = await next();
    while (seen.outbound !== 'out-2') seen = await next();
    for (let i = 0; i < 8; i += 1) {
      await connect();
      expect(await next()).toMatchObject({ outbound: 'out-2' });
    }
    expect(await set('')).toBe(0);
    expect(await info()).toEqual([[], ['out-1', 'out-2']]);
    expect(await set('nowhere')).not.toBe(0);
    const other = Buffer.concat([field(1, 'c'), field(2, 'out-1')]);
    expect(await grpcCall(api, `${ROUTING}/OverrideBalancerTarget`, other)).toMatchObject({ status: 5 });
    await decisions.return();
  });

  it('tells what the observatory has found', async () => {
    const { api } = await start();
    const found = async (): Promise<Record<string, { alive: boolean; why: string }>> => {
      const { answer } = await grpcCall(api, `${OBSERVATORY}/GetOutboundStatus`, Buffer.alloc(0));
      const statuses = allOf(answer, 1).flatMap((result) => allOf(result, 1));
      return Object.fromEntries(
        statuses.map((status) => [
          String(allOf(status, 4)[0]),
          {
            alive: fieldsOf(status).some(({ number, value }) => number === 1 && value === 1),
            why: allOf(status, 3).join(),
          },
        ]),
      );
    };
    await expect.poll(found, { timeout: 10_000 }).toEqual({
      'out-1': { alive: true, why: '' },
      'out-2': { alive: true, why: '' },
      dead: { alive: false, why: expect.stringContaining('refused') as string },
    });
  });
});
