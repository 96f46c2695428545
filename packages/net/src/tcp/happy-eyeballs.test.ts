import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataPlane, destination, dialAny, SluiceError, TimerWheel, type Conn, type Dialing } from '../index.js';
import { PeerServer, settled } from '../loopback.fixture.js';
import { raceAddresses } from './happy-eyeballs.js';

/** Attempts that end when the test says so, and what the race did with them. */
class Course {
  readonly timers = new TimerWheel();
  readonly opened: string[] = [];
  readonly abandoned: string[] = [];
  readonly destroyed: string[] = [];
  readonly told: string[] = [];
  readonly #ends = new Map<string, { connect(): void; fail(): void }>();

  run(addresses: readonly string[]): ReturnType<typeof raceAddresses> {
    const open = (address: string): ReturnType<typeof raceAddresses> => {
      this.opened.push(address);
      const conn = new Promise<Conn>((resolve, reject) => {
        this.#ends.set(address, {
          connect: () => resolve({ address, destroy: () => this.destroyed.push(address) } as unknown as Conn),
          fail: () => reject(new SluiceError('E_DIAL_REFUSED', address)),
        });
      });
      return { conn, abandon: () => void this.abandoned.push(address) };
    };
    return raceAddresses(this.timers, addresses, open, {
      connected: (address) => void this.told.push(`${address} connected`),
      failed: (address, { code }) => void this.told.push(`${address} ${code}`),
    });
  }

  async end(address: string, how: 'connect' | 'fail'): Promise<void> {
    this.#ends.get(address)?.[how]();
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('raceAddresses', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  const won = async (attempt: { conn: Promise<Conn> }): Promise<string> =>
    ((await attempt.conn) as unknown as { address: string }).address;

  it('asks nobody else where the first answers', async () => {
    const course = new Course();
    const attempt = course.run(['a', 'b', 'c']);
    await course.end('a', 'connect');
    expect(await won(attempt)).toBe('a');
    await vi.advanceTimersByTimeAsync(5000);
    expect(course).toMatchObject({ opened: ['a'], abandoned: [], told: ['a connected'] });
    expect(course.timers.size).toBe(0);
  });

  it('goes on at once where one refuses', async () => {
    const course = new Course();
    const attempt = course.run(['a', 'b', 'c']);
    await course.end('a', 'fail');
    expect(course.opened).toEqual(['a', 'b']);
    await course.end('b', 'connect');
    expect(await won(attempt)).toBe('b');
    expect(course).toMatchObject({ opened: ['a', 'b'], abandoned: [], told: ['a E_DIAL_REFUSED', 'b connected'] });
    expect(course.timers.size).toBe(0);
  });

  it('begins with the next after 200 to 300 ms, and blames who was overtaken', async () => {
    const course = new Course();
    const attempt = course.run(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(150);
    expect(course.opened).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(200);
    expect(course.opened).toEqual(['a', 'b']);
    await course.end('b', 'connect');
    expect(await won(attempt)).toBe('b');
    expect(course).toMatchObject({ abandoned: ['a'], told: ['b connected', 'a E_DIAL_TIMEOUT'] });
    expect(course.timers.size).toBe(0);
  });

  it('lets the first win while others are under way, and blames nobody who has only begun', async () => {
    const course = new Course();
    const attempt = course.run(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(350);
    await course.end('a', 'connect');
    expect(await won(attempt)).toBe('a');
    expect(course).toMatchObject({ abandoned: ['b'], told: ['a connected'] });
  });

  it('closes who comes second', async () => {
    const course = new Course();
    const attempt = course.run(['a', 'b']);
    await vi.advanceTimersByTimeAsync(350);
    await course.end('b', 'connect');
    await course.end('a', 'connect');
    expect(await won(attempt)).toBe('b');
    expect(course.destroyed).toEqual(['a']);
  });

  it('fails with the reason of the first to fail, when the last has', async () => {
    const course = new Course();
    const failure = course.run(['a', 'b']).conn.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(350);
    await course.end('b', 'fail');
    await course.end('a', 'fail');
    expect(await failure).toMatchObject({ message: 'b' });
    expect(course.timers.size).toBe(0);
  });

  it.each([
    ['E_DIAL_TIMEOUT', ['a E_DIAL_TIMEOUT', 'b E_DIAL_TIMEOUT']],
    ['E_CLOSING', []],
  ] as const)('given up for %s, it ends all and blames %j', async (code, blamed) => {
    const course = new Course();
    const attempt = course.run(['a', 'b', 'c', 'd']);
    await vi.advanceTimersByTimeAsync(700);
    expect(course.opened).toEqual(['a', 'b', 'c']);
    attempt.abandon(new SluiceError(code, 'over'));
    expect(course).toMatchObject({ abandoned: ['a', 'b', 'c'], told: blamed });
    await course.end('a', 'fail');
    await course.end('b', 'connect');
    await vi.advanceTimersByTimeAsync(5000);
    expect(course).toMatchObject({ opened: ['a', 'b', 'c'], told: blamed, destroyed: ['b'] });
    expect(course.timers.size).toBe(0);
  });

  it('has no more than eight under way', async () => {
    const course = new Course();
    const all = Array.from({ length: 12 }, (_, i) => `${i}`);
    const attempt = course.run(all);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(course.opened).toEqual(all.slice(0, 8));
    await course.end('3', 'fail');
    expect(course.opened).toEqual(all.slice(0, 9));
    await course.end('8', 'connect');
    expect(await won(attempt)).toBe('8');
    expect(course.abandoned).toEqual(['0', '1', '2', '4', '5', '6', '7']);
  });

  it('has one winner or one reason, and leaves nothing, whatever happens in whatever order', async () => {
    const happening = fc.record({
      address: fc.nat({ max: 9 }),
      how: fc.constantFrom('connect' as const, 'fail' as const),
      wait: fc.constantFrom(0, 0, 100, 400),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), fc.array(happening, { maxLength: 30 }), async (n, course) => {
        const race = new Course();
        const results: string[] = [];
        const attempt = race.run(Array.from({ length: n }, (_, i) => `${i}`));
        attempt.conn.then(
          () => results.push('won'),
          () => results.push('lost'),
        );
        const ended = new Map<string, string>();
        for (const { address, how, wait } of course) {
          await vi.advanceTimersByTimeAsync(wait);
          const name = `${address}`;
          if (!race.opened.includes(name) || ended.has(name)) continue;
          ended.set(name, how);
          await race.end(name, how);
        }
        const isOver = results.length > 0;
        if (!isOver) attempt.abandon();
        await vi.advanceTimersByTimeAsync(5000);
        expect(results).toHaveLength(isOver ? 1 : 0);
        const connected = [...ended].filter(([, how]) => how === 'connect').map(([name]) => name);
        expect(race.destroyed).toEqual(connected.slice(1));
        if (results[0] === 'lost') expect([...ended.values()]).toEqual(Array(n).fill('fail'));
        for (const name of race.opened) if (!ended.has(name)) expect(race.abandoned).toContain(name);
        expect(race.timers.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('dialAny', () => {
  const at = (port: number): ReturnType<typeof destination> => destination('tcp', '127.0.0.1', port);
  const names = { resolve: (name: string) => Promise.resolve(name === 'here.test' ? ['127.0.0.1'] : []) };
  const options = { resolver: names, timeoutMs: 5000 };

  async function closedPort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  it('passes over what refuses, names included', async () => {
    const plane = new DataPlane();
    const peer = await PeerServer.start();
    const closed = await closedPort();
    const told: string[] = [];
    const to = [at(closed), destination('tcp', 'nowhere.test', 1), destination('tcp', 'here.test', peer.port)] as const;
    const conn = await dialAny(plane, to, options, {
      connected: ({ host }) => void told.push(host),
      failed: ({ host }, { code }) => void told.push(`${host} ${code}`),
    });
    expect(conn.remote.port).toBe(peer.port);
    expect(told).toEqual(['127.0.0.1 E_DIAL_REFUSED', 'nowhere.test E_DNS_NOT_FOUND', 'here.test']);
    conn.destroy();
    peer.close();
    await settled(plane);
  });

  it('names the first when none answers', async () => {
    const plane = new DataPlane();
    const first = await closedPort();
    await expect(dialAny(plane, [at(first), destination('tcp', 'nowhere.test', 1)], options)).rejects.toMatchObject({
      code: 'E_DIAL_REFUSED',
      message: `127.0.0.1:${first} refused the connection`,
    });
    await settled(plane);
  });

  it('ends a name that is being looked up with the rest', async () => {
    const plane = new DataPlane();
    let dialing: Dialing | undefined;
    const never = { resolve: () => new Promise<string[]>(() => undefined) };
    const track = (now: Dialing): void => void (dialing = now);
    const dialled = dialAny(plane, [destination('tcp', 'slow.test', 1)], { resolver: never, timeoutMs: 5000, track });
    dialing?.destroy(new SluiceError('E_CLOSING', 'enough'));
    await expect(dialled).rejects.toMatchObject({ message: 'enough' });
    await settled(plane);
  });

  it('is not begun with when it is too late', async () => {
    const plane = new DataPlane();
    const signal = AbortSignal.abort(new SluiceError('E_CLOSING', 'enough'));
    await expect(dialAny(plane, [at(1)], { ...options, signal })).rejects.toMatchObject({ message: 'enough' });
    await settled(plane);
  });
});
