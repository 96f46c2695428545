import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SluiceError, TimerWheel } from '@sluice/plugin-api';
import { MemoryLogger, MemoryStats, StubSession } from '@sluice/testing';
import { newSecret } from '../secret.js';
import { Limits, type LimitedUser } from './limits.js';

let folder: string;
let usageFile: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
  usageFile = join(folder, 'state', 'usage');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly limits: Limits;
  readonly logger: MemoryLogger;
}

function prepare(users: readonly LimitedUser[]): Run {
  const logger = new MemoryLogger();
  const services = { tag: 'in', stats: new MemoryStats(), logger, timers: new TimerWheel() };
  return { limits: new Limits(users, services, usageFile), logger };
}

async function start(users: readonly LimitedUser[]): Promise<Run> {
  const run = prepare(users);
  await run.limits.start();
  return run;
}

/** @returns the code of the refusal, if it is one */
function connect({ limits }: Run, user: LimitedUser, down = 0): string | undefined {
  const meters = limits.of(user)!.admit(new StubSession(), '192.0.2.1');
  if (meters instanceof SluiceError) return meters.code;
  meters.downlink?.add(down);
  return undefined;
}

const quota = { quota: { down: 1000 } };

describe('usage over restarts', () => {
  it('stays with the secret, whatever user and mode are called', async () => {
    const { key } = newSecret('plain');
    const before = { email: 'alice', secret: { mode: 'plain', key }, limits: quota };
    const other = { email: 'bob', secret: newSecret('plain'), limits: quota };
    const first = await start([before, other]);
    expect(connect(first, before, 1000)).toBeUndefined();
    expect(connect(first, other, 999)).toBeUndefined();
    await first.limits.close();

    const after = { email: 'alicia', secret: { mode: 'padded', key }, limits: quota };
    const second = await start([other, after]);
    expect(connect(second, after)).toBe('E_MTPROTO_QUOTA');
    expect(connect(second, other, 1)).toBeUndefined();
    await second.limits.close();

    // A larger quota lets the user in again; a new secret begins anew.
    const more = { ...after, limits: { quota: { down: 1001 } } };
    const fresh = { ...other, secret: newSecret('plain') };
    const third = await start([more, fresh]);
    expect(connect(third, more)).toBeUndefined();
    expect(connect(third, fresh)).toBeUndefined();
    await third.limits.close();
  });

  it('outlasts a time without a quota', async () => {
    const user = { secret: newSecret('plain'), limits: quota };
    const free = { ...user, limits: { maxConnections: 5 } };
    let run = await start([user]);
    connect(run, user, 1000);
    await run.limits.close();
    run = await start([free]);
    expect(connect(run, free, 5000)).toBeUndefined();
    await run.limits.close();
    run = await start([user]);
    expect(connect(run, user)).toBe('E_MTPROTO_QUOTA');
    await run.limits.close();
  });

  it('is in a file that holds no secret', async () => {
    const user = { email: 'alice', secret: newSecret('plain'), limits: quota };
    const run = await start([user]);
    connect(run, user, 10);
    await run.limits.close();
    const bytes = await readFile(usageFile);
    expect(bytes.length).toBeGreaterThan(64);
    expect(bytes.includes(user.secret.key)).toBe(false);
    expect(bytes.includes(user.secret.key.toString('hex'))).toBe(false);
    expect(run.logger.lines).toEqual([]);
  });

  it('begins anew, and says so, where the file is damaged', async () => {
    const user = { secret: newSecret('plain'), limits: quota };
    let run = await start([user]);
    connect(run, user, 1000);
    await run.limits.close();
    const bytes = await readFile(usageFile);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(usageFile, bytes);
    run = await start([user]);
    expect(connect(run, user)).toBeUndefined();
    expect(run.logger.lines).toEqual([expect.stringMatching(/^warn .*set aside/)]);
    expect((await readdir(join(folder, 'state'))).sort()).toEqual(['usage', 'usage.damaged']);
    await run.limits.close();
  });

  it('does not start on what is no usage file, and leaves it as it is', async () => {
    usageFile = join(folder, 'config.json');
    await writeFile(usageFile, '{ "inbounds": [] }');
    const run = prepare([{ secret: newSecret('plain'), limits: quota }]);
    await expect(run.limits.start()).rejects.toMatchObject({ code: 'E_MTPROTO_STATE_FILE' });
    await run.limits.close();
    expect(await readFile(usageFile, 'utf8')).toBe('{ "inbounds": [] }');
    usageFile = folder;
    const other = prepare([]);
    await expect(other.limits.start()).rejects.toMatchObject({ code: 'E_MTPROTO_STATE_FILE' });
    await other.limits.close();
  });
});
