import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SluiceError, TimerWheel, type RelayMeters } from '@sluice/plugin-api';
import { MemoryLogger, MemoryStats, StubSession } from '@sluice/testing';
import { newSecret } from '../secret.js';
import type { LimitSettings } from './limit-settings.js';
import { Limits, type LimitedUser } from './limits.js';
import type { UserLimits } from './user-limits.js';

const START = Date.UTC(2030, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function user(limits: LimitSettings | undefined, email?: string): LimitedUser {
  return { email, secret: newSecret('plain'), limits };
}

interface Fixture {
  readonly limits: Limits;
  readonly alice: UserLimits;
  readonly user: LimitedUser;
  readonly stats: MemoryStats;
  readonly logger: MemoryLogger;
  readonly timers: TimerWheel;
}

function limited(settings: LimitSettings, clock?: () => number): Fixture {
  const stats = new MemoryStats();
  const logger = new MemoryLogger();
  const timers = new TimerWheel();
  const one = user(settings, 'alice');
  const limits = new Limits([user(undefined), one], {
    tag: 'in',
    stats,
    logger,
    timers,
    ...(clock === undefined ? {} : { clock }),
  });
  return { limits, alice: limits.of(one)!, user: one, stats, logger, timers };
}

function admitted(to: UserLimits, address = '192.0.2.1'): { session: StubSession; meters: RelayMeters } {
  const session = new StubSession('tcp', { address, port: 1 });
  const meters = to.admit(session, address);
  expect(meters).not.toBeInstanceOf(SluiceError);
  return { session, meters: meters as RelayMeters };
}

function refused(to: UserLimits, address = '192.0.2.1'): string {
  const session = new StubSession('tcp', { address, port: 1 });
  const error = to.admit(session, address);
  expect(error).toBeInstanceOf(SluiceError);
  // Its end must give nothing back.
  session.over();
  return (error as SluiceError).code;
}

describe('Limits', () => {
  it('knows nothing of users without limits', () => {
    const none = user(undefined);
    const limits = new Limits([none], {
      tag: 'in',
      stats: new MemoryStats(),
      logger: new MemoryLogger(),
      timers: new TimerWheel(),
    });
    expect(limits.of(none)).toBeUndefined();
  });

  it('gives a user whose bytes nobody limits no meters', () => {
    const { alice } = limited({ maxConnections: 2, allow: ['192.0.2.0/24'] });
    expect(admitted(alice).meters).toEqual({});
  });

  it('gives all connections of a user the same meters', () => {
    const { alice } = limited({ quota: { up: 1 }, rate: { down: 5 } });
    const { meters } = admitted(alice);
    expect(admitted(alice).meters).toBe(meters);
    expect(meters.uplinkRate).toBeUndefined();
    expect(meters.downlinkRate).toBeDefined();
  });

  it('names users without an email by inbound and place', () => {
    const stats = new MemoryStats();
    const users = [user(undefined), user({ maxConnections: 1 }), user({ maxConnections: 1 }, '')];
    const limits = new Limits(users, { tag: 'in', stats, logger: new MemoryLogger(), timers: new TimerWheel() });
    for (const one of users.slice(1)) {
      admitted(limits.of(one)!);
      refused(limits.of(one)!);
    }
    expect([...stats.query('').keys()]).toEqual([
      'user>>>in.users[1]>>>refused>>>maxConnections',
      'user>>>in.users[2]>>>refused>>>maxConnections',
    ]);
  });
});

describe('maxConnections', () => {
  it('refuses the next one, with a reason and a count, until one is over', () => {
    const { alice, stats } = limited({ maxConnections: 2 });
    const { session } = admitted(alice);
    admitted(alice);
    expect(refused(alice)).toBe('E_MTPROTO_CONNECTIONS');
    expect(refused(alice)).toBe('E_MTPROTO_CONNECTIONS');
    session.over();
    session.over();
    admitted(alice);
    expect(refused(alice)).toBe('E_MTPROTO_CONNECTIONS');
    expect(stats.query('')).toEqual(new Map([['user>>>alice>>>refused>>>maxConnections', 3]]));
  });

  it('takes one place back for one end, however often it is told', () => {
    const { alice } = limited({ maxConnections: 2 });
    const session = new StubSession();
    session.onEnd = (observer) => [1, 2].forEach(() => observer.sessionEnded(session));
    admitted(alice);
    alice.admit(session, '192.0.2.1');
    admitted(alice);
    expect(refused(alice)).toBe('E_MTPROTO_CONNECTIONS');
  });

  it('does not hold a place for a connection that is over already', () => {
    const { alice } = limited({ maxConnections: 1 });
    const gone = new StubSession();
    gone.over();
    alice.admit(gone, '192.0.2.1');
    expect(alice.connections).toBe(0);
    admitted(alice);
  });

  it('tells who was refused in words that hold no secret', () => {
    const { alice } = limited({ maxConnections: 1 });
    admitted(alice);
    const error = alice.admit(new StubSession(), '192.0.2.1');
    expect(error).toMatchObject({
      message: 'user alice has as many connections as "maxConnections" allows',
      details: { user: 'alice', limit: 'maxConnections' },
    });
  });
});

describe('maxSourceIPs', () => {
  it('counts addresses, not connections, while they are connected', () => {
    const { alice } = limited({ maxSourceIPs: 2 });
    const { session } = admitted(alice, '192.0.2.1');
    const again = admitted(alice, '192.0.2.1');
    admitted(alice, '::ffff:192.0.2.2');
    expect(refused(alice, '192.0.2.3')).toBe('E_MTPROTO_SOURCES');
    admitted(alice, '192.0.2.2');
    session.over();
    expect(refused(alice, '192.0.2.3')).toBe('E_MTPROTO_SOURCES');
    again.session.over();
    admitted(alice, '192.0.2.3');
    expect(refused(alice, '192.0.2.1')).toBe('E_MTPROTO_SOURCES');
  });

  it('takes an IPv6 /64 for one', () => {
    const { alice } = limited({ maxSourceIPs: 1 });
    admitted(alice, '2001:db8:1:1::1');
    admitted(alice, '2001:db8:1:1:ffff::2');
    expect(refused(alice, '2001:db8:1:2::1')).toBe('E_MTPROTO_SOURCES');
  });
});

describe('allow and deny', () => {
  it('lets only the allowed in, of them none that is denied', () => {
    const { alice, stats } = limited({ allow: ['10.0.0.0/8', '2001:db8::/32'], deny: ['10.1.0.0/16'] });
    admitted(alice, '10.2.0.1');
    admitted(alice, '::ffff:10.2.0.1');
    admitted(alice, '2001:db8::1');
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '11.0.0.1', '2001:db9::1', '/run/sluice.sock'])
      expect(refused(alice, address)).toBe('E_MTPROTO_DENIED');
    expect(stats.query('')).toEqual(new Map([['user>>>alice>>>refused>>>denied', 5]]));
  });

  it('lets everybody else in where addresses are denied only', () => {
    const { alice } = limited({ deny: ['::/0'] });
    admitted(alice, '10.1.2.3');
    expect(refused(alice, '2001:db8::1')).toBe('E_MTPROTO_DENIED');
  });
});

describe('expiresAt', () => {
  const at = (ms: number): string => new Date(START + ms).toISOString();

  it('ends what is open at that moment and refuses from then on', () => {
    const { alice, stats, timers, logger } = limited({ expiresAt: at(61_000) });
    const { session } = admitted(alice);
    const other = admitted(alice).session;
    vi.advanceTimersByTime(60_900);
    expect(session.endAsked).toBeUndefined();
    vi.advanceTimersByTime(400);
    expect(session.endAsked).toMatchObject({ code: 'E_MTPROTO_EXPIRED' });
    expect(other.endAsked).toMatchObject({ code: 'E_MTPROTO_EXPIRED' });
    expect(timers.size).toBe(0);
    expect(refused(alice)).toBe('E_MTPROTO_EXPIRED');
    expect(stats.query('')).toEqual(
      new Map([
        ['user>>>alice>>>ended>>>expired', 2],
        ['user>>>alice>>>refused>>>expired', 1],
      ]),
    );
    expect(logger.lines).toEqual([expect.stringMatching(/^info user alice may not use the proxy any more.*"ended":2/)]);
    session.over();
    other.over();
    expect(alice.connections).toBe(0);
  });

  it('refuses at the very millisecond', () => {
    const clock = { now: START + 999 };
    const { alice } = limited({ expiresAt: at(1000) }, () => clock.now);
    admitted(alice).session.over();
    clock.now += 1;
    expect(refused(alice)).toBe('E_MTPROTO_EXPIRED');
  });

  it('waits longer than a system timer can', () => {
    const days = 60 * 86_400_000;
    const clock = { now: START };
    const { alice } = limited({ expiresAt: at(days) }, () => clock.now);
    const { session } = admitted(alice);
    // The timer looks at the clock again and again; what it reads is what counts.
    clock.now = START + 2 ** 31 + 1000;
    vi.advanceTimersByTime(20_000);
    expect(session.endAsked).toBeUndefined();
    clock.now = START + days;
    vi.advanceTimersByTime(20_000);
    expect(session.endAsked).toMatchObject({ code: 'E_MTPROTO_EXPIRED' });
  });

  it('follows a clock that is set forward, and one that is set back', () => {
    const clock = { now: START };
    const { alice } = limited({ expiresAt: at(15_000) }, () => clock.now);
    const { session } = admitted(alice);
    clock.now = START - 3_600_000;
    vi.advanceTimersByTime(30_000);
    expect(session.endAsked).toBeUndefined();
    clock.now = START + 3_600_000;
    vi.advanceTimersByTime(10_300);
    expect(session.endAsked).toMatchObject({ code: 'E_MTPROTO_EXPIRED' });
    session.over();
    clock.now = START;
    admitted(alice);
  });

  it('runs one timer for all users, and none while nobody is connected', () => {
    const timers = new TimerWheel();
    const users = [3000, 1000, 2000].map((ms, i) => user({ expiresAt: at(ms) }, `user${i}`));
    const limits = new Limits(users, { tag: 'in', stats: new MemoryStats(), logger: new MemoryLogger(), timers });
    expect(timers.size).toBe(0);
    const sessions = users.map((one) => admitted(limits.of(one)!).session);
    expect(timers.size).toBe(1);
    const endings = (): (string | undefined)[] => sessions.map(({ endAsked }) => endAsked?.code);
    vi.advanceTimersByTime(1300);
    expect(endings()).toEqual([undefined, 'E_MTPROTO_EXPIRED', undefined]);
    vi.advanceTimersByTime(1000);
    expect(endings()).toEqual([undefined, 'E_MTPROTO_EXPIRED', 'E_MTPROTO_EXPIRED']);
    expect(timers.size).toBe(1);
    sessions[0]?.over();
    expect(timers.size).toBe(0);
  });

  it('refuses a user whose date nobody checked and nobody can read', () => {
    expect(refused(limited({ expiresAt: 'soon' }).alice)).toBe('E_MTPROTO_EXPIRED');
  });

  it('ends nothing that a quota is ending already', () => {
    const { alice, stats } = limited({ expiresAt: at(1000), quota: { up: 1 } });
    const { meters } = admitted(alice);
    meters.uplink?.add(2);
    vi.advanceTimersByTime(2000);
    expect(stats.query('ended')).toEqual(new Map([['user>>>alice>>>ended>>>quota', 1]]));
  });

  it('has no timer left after the close', async () => {
    const { alice, limits, timers } = limited({ expiresAt: at(60_000) });
    admitted(alice);
    await limits.close();
    expect(timers.size).toBe(0);
  });
});

describe('quota', () => {
  it.each<[string, LimitSettings, 'uplink' | 'downlink']>([
    ['up', { quota: { up: 1000 } }, 'uplink'],
    ['down', { quota: { down: 1000 } }, 'downlink'],
    ['total', { quota: { total: 1000 } }, 'downlink'],
  ])('ends every connection with the first byte beyond "%s", not with the last one within', (_name, settings, way) => {
    const { alice, stats } = limited(settings);
    const one = admitted(alice);
    const other = admitted(alice);
    one.meters[way]?.add(600);
    other.meters[way]?.add(400);
    expect(one.session.endAsked).toBeUndefined();
    // Used up exactly: nothing is left for a new one.
    expect(refused(alice)).toBe('E_MTPROTO_QUOTA');
    other.meters[way]?.add(1);
    expect(one.session.endAsked).toMatchObject({ code: 'E_MTPROTO_QUOTA' });
    expect(other.session.endAsked).toMatchObject({ code: 'E_MTPROTO_QUOTA' });
    // What was on its way still counts, and ends nothing twice.
    one.meters[way]?.add(500);
    expect(stats.query('')).toEqual(
      new Map([
        ['user>>>alice>>>refused>>>quota', 1],
        ['user>>>alice>>>ended>>>quota', 2],
      ]),
    );
  });

  it('counts a direction without an amount for the total alone', () => {
    const { alice } = limited({ quota: { up: 10, total: 1000 } });
    const { session, meters } = admitted(alice);
    meters.downlink?.add(990);
    meters.uplink?.add(10);
    expect(session.endAsked).toBeUndefined();
    meters.downlink?.add(1);
    expect(session.endAsked).toMatchObject({ code: 'E_MTPROTO_QUOTA' });
  });

  it('is exact up to the largest amount', () => {
    const { alice } = limited({ quota: { total: Number.MAX_SAFE_INTEGER } });
    const { session, meters } = admitted(alice);
    meters.uplink?.add(Number.MAX_SAFE_INTEGER - 1);
    meters.downlink?.add(1);
    expect(session.endAsked).toBeUndefined();
    meters.downlink?.add(1);
    expect(session.endAsked).toBeDefined();
  });

  it('ends connections that the end of another takes along', () => {
    const { alice } = limited({ quota: { up: 1 } });
    const sessions = [admitted(alice), admitted(alice), admitted(alice)].map(({ session }) => session);
    for (const session of sessions) session.onEndAsked = () => sessions.forEach((one) => one.over());
    alice.quotaPassed();
    expect(alice.connections).toBe(0);
  });
});

describe('any sequence of connections', () => {
  it('keeps to the counts that a simple model keeps', () => {
    const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8:0:0:1::2', '2001:db8:0:1::1', '10.0.0.1'];
    const networkOf = ['a', 'b', 'c', 'c', 'd', undefined];
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ admit: fc.nat(addresses.length - 1) }) },
      { weight: 3, arbitrary: fc.record({ end: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ bytes: fc.nat(40), on: fc.nat(20), up: fc.boolean() }) },
    );
    const amount = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
    const quota = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({ connections: amount, sources: amount, total: quota }),
        fc.array(step, { maxLength: 80 }),
        ({ connections, sources, total }, steps) => {
          const { alice } = limited({
            deny: ['10.0.0.0/8'],
            ...(connections === undefined ? {} : { maxConnections: connections }),
            ...(sources === undefined ? {} : { maxSourceIPs: sources }),
            ...(total === undefined ? {} : { quota: { total } }),
          });
          let used = 0;
          const open: { session: StubSession; meters: RelayMeters; network: string }[] = [];
          for (const action of steps) {
            if ('admit' in action) {
              const address = addresses[action.admit]!;
              const network = networkOf[action.admit];
              const networks = new Set(open.map((one) => one.network));
              const expected =
                network === undefined
                  ? 'E_MTPROTO_DENIED'
                  : used >= (total ?? Infinity)
                    ? 'E_MTPROTO_QUOTA'
                    : open.length >= (connections ?? Infinity)
                      ? 'E_MTPROTO_CONNECTIONS'
                      : !networks.has(network) && networks.size >= (sources ?? Infinity)
                        ? 'E_MTPROTO_SOURCES'
                        : undefined;
              if (network === undefined || expected !== undefined) expect(refused(alice, address)).toBe(expected);
              else open.push({ ...admitted(alice, address), network });
            } else if ('end' in action) {
              const [one] = open.splice(action.end % Math.max(1, open.length), 1);
              one?.session.over();
            } else {
              const one = open[action.on % Math.max(1, open.length)];
              if (one === undefined || total === undefined) continue;
              (action.up ? one.meters.uplink : one.meters.downlink)?.add(action.bytes);
              used += action.bytes;
              const passed = used > total;
              expect(open.every(({ session }) => (session.endAsked !== undefined) === passed)).toBe(true);
              if (passed) for (const { session } of open.splice(0)) session.over();
            }
            expect(alice.connections).toBe(open.length);
          }
          for (const { session } of open) session.over();
          expect(alice.connections).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('limits that succeed others', () => {
  async function succeed(before: Fixture, settings: LimitSettings, who = before.user): Promise<Fixture> {
    const { stats, logger, timers } = before;
    const one: LimitedUser = { ...who, limits: settings };
    const limits = new Limits([one], { tag: 'in', stats, logger, timers });
    limits.succeed(before.limits);
    await limits.start();
    return { limits, alice: limits.of(one)!, user: one, stats, logger, timers };
  }

  it('share the rate as long as it is the same', async () => {
    const first = limited({ rate: { up: 2000, down: 3000 } });
    await first.limits.start();
    const { meters } = admitted(first.alice);
    const second = await succeed(first, { rate: { up: 2000, down: 4000 }, maxConnections: 5 });
    // Nobody has come there; what is behind it gets the same all the same.
    const third = await succeed(second, { rate: { up: 2000, down: 3000 } });
    for (const limits of [second, third]) expect(admitted(limits.alice).meters.uplinkRate).toBe(meters.uplinkRate);
    expect(admitted(second.alice).meters.downlinkRate).not.toBe(meters.downlinkRate);
  });

  it('count sources together, though one of them does not ask', async () => {
    const first = limited({ maxConnections: 9 });
    await first.limits.start();
    const unknown = admitted(first.alice, '192.0.2.1');
    const second = await succeed(first, { maxSourceIPs: 1 });
    const known = admitted(second.alice, '192.0.2.2');
    expect(refused(second.alice, '192.0.2.3')).toBe('E_MTPROTO_SOURCES');
    unknown.session.over();
    expect(refused(second.alice, '192.0.2.3')).toBe('E_MTPROTO_SOURCES');
    known.session.over();
    admitted(second.alice, '192.0.2.3');
  });

  it('end the connections of each by the quota of each', async () => {
    const first = limited({ quota: { total: 100 } });
    await first.limits.start();
    const old = admitted(first.alice);
    const second = await succeed(first, { quota: { total: 200 } });
    const young = admitted(second.alice);
    young.meters.uplink?.add(101);
    expect([old.session.endAsked?.code, young.session.endAsked]).toEqual(['E_MTPROTO_QUOTA', undefined]);
    await first.limits.close();
    young.meters.uplink?.add(100);
    expect(young.session.endAsked?.code).toBe('E_MTPROTO_QUOTA');
  });

  it('are those of another secret for themselves', async () => {
    const first = limited({ quota: { total: 100 } });
    await first.limits.start();
    admitted(first.alice).meters.uplink?.add(100);
    const second = await succeed(first, { quota: { total: 100 } }, { ...first.user, secret: newSecret('plain') });
    admitted(second.alice);
  });

  it('leave nothing of a user who is removed', async () => {
    const { limits, user: one, alice, timers } = limited({ quota: { total: 10 }, expiresAt: '2030-01-02T00:00:00Z' });
    const { session, meters } = admitted(alice);
    limits.remove(one);
    expect(limits.of(one)).toBeUndefined();
    // Its connections are ended by whoever has removed it, and count until then.
    meters.uplink?.add(5);
    session.over();
    expect(timers.size).toBe(0);
    limits.add(one);
    expect(limits.of(one)).not.toBe(alice);
    await limits.close();
  });
});
