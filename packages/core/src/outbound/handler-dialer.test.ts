import {
  DataPlane,
  destination,
  Link,
  SluiceError,
  TimerWheel,
  type Conn,
  type Destination,
  type Outbound,
} from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { PluginSession } from '../dispatch/plugin-session.js';
import { HandlerDialer } from './handler-dialer.js';
import { OutboundHandler } from './outbound-handler.js';
import { OutboundTable } from './outbound-table.js';

const link = new Link({ attach: () => undefined } as unknown as Conn);
const candidates = [1, 2, 3].map((port) => destination('tcp', '192.0.2.1', port)) as [Destination, Destination];

/** A dialer that leads through another outbound, which answers as the test says, by port. */
function throughAnother(answers: Record<number, () => Link>): {
  dialer: HandlerDialer;
  session: PluginSession;
  asked: number[];
  told: string[];
  dialAny: () => Promise<Link>;
} {
  const asked: number[] = [];
  const told: string[] = [];
  const session = new PluginSession(1, { inboundTag: 'in', inboundProtocol: 'test' }, new TimerWheel());
  const outbound: Outbound = {
    connect: (_, { port }) => {
      asked.push(port);
      return Promise.resolve().then(() => (answers[port] as () => Link)());
    },
  };
  const outbounds = new OutboundTable();
  outbounds.load([new OutboundHandler({ tag: 'proxy', tagged: true, protocol: 'test', settings: {} }, outbound)], []);
  const config = { tag: 'out', tagged: true, protocol: 'test', settings: {}, via: 'proxy' };
  const resolver = { resolve: () => Promise.resolve([]) };
  const dialer = new HandlerDialer(config, { outbounds, plane: new DataPlane(), resolver });
  const observer = {
    connected: ({ port }: Destination) => void told.push(`${port} connected`),
    failed: ({ port }: Destination, { code }: SluiceError) => void told.push(`${port} ${code}`),
  };
  return { dialer, session, asked, told, dialAny: () => dialer.dialAny(session, candidates, observer) };
}

function fails(code: string): () => never {
  return () => {
    throw new SluiceError(code as 'E_BLOCKED', code);
  };
}

describe('dialAny through another outbound', () => {
  it('asks for one address after the other', async () => {
    const way = throughAnother({
      1: fails('E_DIAL_UNREACHABLE'),
      2: fails('E_UPSTREAM_REJECTED'),
      3: () => link,
    });
    expect(await way.dialAny()).toBe(link);
    expect(way.told).toEqual(['1 E_DIAL_UNREACHABLE', '2 E_UPSTREAM_REJECTED', '3 connected']);
  });

  it('asks for no more than it needs', async () => {
    const way = throughAnother({ 1: () => link });
    await way.dialAny();
    expect(way.asked).toEqual([1]);
  });

  it('gives the first reason when none answers', async () => {
    const way = throughAnother({ 1: fails('E_DIAL_REFUSED'), 2: fails('E_DIAL_TIMEOUT'), 3: fails('E_DNS_FAILED') });
    await expect(way.dialAny()).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    expect(way.asked).toEqual([1, 2, 3]);
  });

  it('stops where the address is not at fault', async () => {
    const way = throughAnother({ 1: fails('E_BLOCKED'), 2: () => link });
    await expect(way.dialAny()).rejects.toMatchObject({ code: 'E_BLOCKED' });
    expect(way).toMatchObject({ asked: [1], told: [] });
  });

  it('stops when its time is up, which the address that it waited for is told', async () => {
    const late = new SluiceError('E_DIAL_TIMEOUT', 'too late');
    const way = throughAnother({
      1: () => {
        way.session.abandon(late);
        throw late;
      },
      2: () => link,
    });
    await expect(way.dialAny()).rejects.toBe(late);
    expect(way).toMatchObject({ asked: [1], told: ['1 E_DIAL_TIMEOUT'] });
  });
});
