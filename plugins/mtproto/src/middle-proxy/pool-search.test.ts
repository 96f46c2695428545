import { DataPlane, destination, SluiceError, type Destination, type Link } from '@sluice/plugin-api';
import { DirectDialer, MemoryLogger, startFakeMiddleProxy, StubSession, type FakeMiddleProxy } from '@sluice/testing';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keystreamOf } from '../obfuscation/ctr.js';
import { MiddleProxyPool } from './middle-proxy-pool.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy-target.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const secret = randomBytes(128);

let middles: FakeMiddleProxy[];
let plane: DataPlane;
let pool: MiddleProxyPool;
let target: MiddleProxyTarget;
let reports: string[];
/** What a dial waits for, by the index of the middle proxy. */
let gates: (Promise<void> | undefined)[];

beforeEach(async () => {
  middles = await Promise.all([startFakeMiddleProxy({ secret }), startFakeMiddleProxy({ secret })]);
  plane = new DataPlane();
  reports = [];
  gates = [];
  const addresses = middles.map(({ host, port }) => destination('tcp', host, port));
  const index = (to: Destination): number => addresses.indexOf(to);
  const dialer = new DirectDialer(plane);
  const link = async (to: Destination): Promise<Link> => {
    await gates[index(to)];
    return dialer.dial(new StubSession(), to);
  };
  const dial = (to: Destination) => ({ link: link(to), close: () => undefined });
  pool = new MiddleProxyPool({ plane, logger: new MemoryLogger(), dial });
  target = {
    preferred: addresses[0]!,
    alternatives: addresses.slice(1),
    secret,
    adTag: undefined,
    natAddress: undefined,
    poolKey: '',
    failed: (to) => void reports.push(`failed ${index(to)}`),
    worked: (to) => void reports.push(`worked ${index(to)}`),
  };
});

afterEach(async () => {
  pool.close();
  for (const middle of middles) await middle.close();
  while (plane.conns + plane.timers.size > 0) await turn();
});

function client(): MiddleProxyClient {
  const endpoint = { address: '127.0.0.1', port: 1 };
  const layer = { framing: 'padded', dc: 2, up: keystreamOf(randomBytes(48)), downMaterial: randomBytes(48) } as const;
  return { layer, source: endpoint, local: endpoint };
}

it('a connection that comes after another has been taken serves the next client', async () => {
  let open!: () => void;
  gates[0] = new Promise((resolve) => (open = resolve));
  const link = await pool.connect(target, client());
  expect(link.conn.remote.port).toBe(middles[1]?.port);
  // It had a second before the other was tried: it rests.
  expect(reports).toEqual(['worked 1', 'failed 0']);
  open();
  await middles[0]!.nextConnection();
  while (!reports.includes('worked 0')) await turn();
  expect(pool.size).toBe(2);
  const next = await pool.connect(target, client());
  expect(next.conn.remote.port).toBe(middles[0]?.port);
  expect(middles.map(({ accepted }) => accepted)).toEqual([1, 1]);
  for (const { conn } of [link, next]) conn.destroy();
});

it('a client that leaves ends its search with its reason, and nobody else’s', async () => {
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  gates.push(gate, gate);
  const leaves = new AbortController();
  const gone = pool.connect(target, client(), leaves.signal);
  const stays = pool.connect(target, client());
  leaves.abort(new SluiceError('E_DIAL_TIMEOUT', 'too late'));
  await expect(gone).rejects.toMatchObject({ code: 'E_DIAL_TIMEOUT' });
  await expect(pool.connect(target, client(), leaves.signal)).rejects.toMatchObject({ code: 'E_DIAL_TIMEOUT' });
  open();
  (await stays).conn.destroy();
  expect(reports).toEqual(['worked 0']);
});

it('a search that nobody waits for any more starts no further attempts', async () => {
  gates[0] = new Promise(() => undefined);
  const leaves = new AbortController();
  const gone = pool.connect(target, client(), leaves.signal);
  leaves.abort();
  await expect(gone).rejects.toMatchObject({ code: 'E_CLOSING' });
  let past = false;
  plane.timers.after(1500, () => (past = true));
  while (!past) await turn();
  expect(middles.map(({ accepted }) => accepted)).toEqual([0, 0]);
});
