import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TimerWheel } from '@sluice/plugin-api';
import { MemoryLogger, MemoryStats } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateFile } from '../state/state-file.js';
import { LocalReplayFilter } from './local-replay-filter.js';
import type { ReplaySettings } from './settings.js';

const COUNTER = 'inbound>>>in>>>replay>>>displaced';

let folder: string;
let stateFile: string;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'));
  stateFile = join(folder, 'made', 'replay');
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

function key(n: number): Buffer {
  const bytes = Buffer.alloc(29, 1);
  bytes.writeUInt32BE(n, 1);
  return bytes;
}

class Run {
  readonly stats = new MemoryStats();
  readonly logger = new MemoryLogger();
  readonly timers = new TimerWheel();
  readonly filter: LocalReplayFilter;
  /** In seconds. */
  now: number;

  constructor(settings: ReplaySettings, now = 1_700_000_000, previous?: Run) {
    this.now = now;
    const { stats, logger, timers } = this;
    const clock = (): number => this.now * 1000;
    this.filter = new LocalReplayFilter(settings, 120, { tag: 'in', stats, logger, timers, clock });
    if (previous !== undefined) this.filter.succeed(previous.filter);
  }

  add(...numbers: number[]): boolean[] {
    return numbers.map((n) => this.filter.add(key(n)));
  }

  get displaced(): number {
    return this.stats.counter(COUNTER).value;
  }

  get warnings(): string[] {
    return this.logger.lines.filter((line) => line.startsWith('warn'));
  }
}

async function started(settings: ReplaySettings, now?: number, previous?: Run): Promise<Run> {
  const run = new Run(settings, now, previous);
  await run.filter.start();
  return run;
}

/** Lets the wheel reach the next write, which is then under way. */
function passHalfAMinute(): void {
  vi.advanceTimersByTime(30_500);
}

describe('LocalReplayFilter', () => {
  it('lets a handshake in once, and for the time set not again', async () => {
    const run = await started({ seconds: 1000 });
    expect(run.add(1, 2, 1)).toEqual([true, true, false]);
    run.now += 999;
    expect(run.add(1, 2)).toEqual([false, false]);
    run.now += 1;
    expect(run.add(1)).toEqual([true]);
    await run.filter.close();
    expect(run.timers.size).toBe(0);
    expect(run.logger.lines).toEqual([]);
  });

  it('remembers for a day where nothing is set', async () => {
    const run = await started({});
    run.add(1);
    run.now += 86_399;
    expect(run.add(1)).toEqual([false]);
    run.now += 1;
    expect(run.add(1)).toEqual([true]);
  });

  it('counts what it had no room for, and says once a day how much there should be', async () => {
    const run = await started({ entries: 1000, seconds: 6000 });
    for (let n = 0; n < 1000; n += 1) run.add(n);
    expect([run.displaced, run.warnings]).toEqual([0, []]);
    run.now += 60;
    run.add(1000, 1001, 1002);
    expect(run.displaced).toBe(3);
    expect(run.warnings).toEqual([
      'warn the replay filter is full: it remembers the handshakes of 60 s instead of 6000 s. ' +
        'Set "replay.entries" to 100000 or more (28 bytes each), or "replay.seconds" to 60 or less',
    ]);
    // Those that went are new again; that is what the warning is about.
    expect(run.add(0)).toEqual([true]);
    for (let day = 1; day <= 2; day += 1) {
      run.now += 86_400;
      for (let n = 0; n < 3000; n += 1) run.add(day * 10_000 + n);
      expect(run.warnings).toHaveLength(1 + day);
    }
    expect(run.displaced).toBe(4 + 2 * 2000);
  });

  it('does not add what was there already', async () => {
    const run = await started({ entries: 1000, stateFile });
    for (let n = 0; n < 3000; n += 1) run.add(1);
    expect(run.displaced).toBe(0);
    await run.filter.close();
  });
});

describe('LocalReplayFilter with a state file', () => {
  it('remembers across a restart what is not too old', async () => {
    const before = await started({ seconds: 1000, stateFile });
    before.add(1);
    before.now += 500;
    before.add(2);
    await before.filter.close();
    const after = await started({ seconds: 1000, stateFile }, before.now + 600);
    expect(after.add(1, 2)).toEqual([true, false]);
    expect(after.logger.lines).toEqual([]);
    await after.filter.close();
  });

  it('has it for itself: another inbound with the same file does not start', async () => {
    const run = await started({ stateFile });
    const other = new Run({ stateFile: join(folder, 'made', '.', 'replay') });
    await expect(other.filter.start()).rejects.toThrow(/another inbound keeps its handshakes in/);
    await other.filter.close();
    run.add(1);
    await run.filter.close();
    await other.filter.start();
    expect(other.add(1)).toEqual([false]);
    await other.filter.close();
  });

  it('writes within half a minute, and only when there is something new', async () => {
    const write = vi.spyOn(StateFile.prototype, 'write');
    const run = await started({ stateFile });
    expect([write.mock.calls.length, run.timers.size]).toEqual([1, 0]);
    run.add(1, 2);
    passHalfAMinute();
    expect(write).toHaveBeenCalledTimes(2);
    await write.mock.results[1]?.value;
    // Killed now: nothing more is written.
    const left = join(folder, 'left');
    await copyFile(stateFile, left);
    const after = await started({ stateFile: left });
    expect(after.add(1, 2, 3)).toEqual([false, false, true]);
    await after.filter.close();
    write.mockClear();
    run.add(1, 2);
    expect(run.timers.size).toBe(0);
    await run.filter.close();
    expect(write).not.toHaveBeenCalled();
  });

  it('writes what comes while it writes, too', async () => {
    const run = await started({ stateFile });
    run.add(1);
    passHalfAMinute();
    run.add(2);
    await run.filter.close();
    const after = await started({ stateFile });
    expect(after.add(1, 2)).toEqual([false, false]);
    await after.filter.close();
    expect(after.timers.size + run.timers.size).toBe(0);
  });

  it('goes on and says so once when it cannot write, and writes when it can', async () => {
    const run = await started({ stateFile });
    const write = vi.spyOn(StateFile.prototype, 'write');
    await rm(stateFile);
    await mkdir(join(stateFile, 'in the way'), { recursive: true });
    for (let i = 0; i < 3; i += 1) {
      run.add(i);
      passHalfAMinute();
      await expect(write.mock.results[i]?.value).rejects.toThrow();
    }
    expect(run.logger.lines).toEqual([
      expect.stringMatching(
        /^error handshakes cannot be kept: .*made\/replay cannot be written: .*E_MTPROTO_STATE_FILE/,
      ),
    ]);
    await rm(stateFile, { recursive: true });
    await run.filter.close();
    expect(run.logger.lines.slice(1)).toEqual(['info handshakes are kept again']);
    const after = await started({ stateFile });
    expect(after.add(0, 1, 2)).toEqual([false, false, false]);
    await after.filter.close();
  });

  it('does not start on a file that is something else', async () => {
    await mkdir(join(folder, 'made'));
    await writeFile(stateFile, 'a diary');
    const run = new Run({ stateFile });
    await expect(run.filter.start()).rejects.toThrow(/is no state file: give the path of another/);
    await run.filter.close();
    expect(run.timers.size).toBe(0);
  });

  it('does not start where it cannot write', async () => {
    await writeFile(join(folder, 'made'), 'a file in the place of the folder');
    await expect(new Run({ stateFile }).filter.start()).rejects.toThrow(/cannot be read: ENOTDIR/);
  });

  it('begins anew, with a warning, where the state is of another kind of machine', async () => {
    const run = await started({ stateFile });
    await run.filter.close();
    const file = new StateFile(stateFile, { kind: 'replay', version: 1, logger: run.logger });
    const state = await file.read();
    state?.subarray(16, 20).swap32();
    await file.write(state!);
    const after = await started({ stateFile });
    expect(after.warnings).toEqual([expect.stringMatching(/another kind of machine has written them$/)]);
    expect(after.add(1, 1)).toEqual([true, false]);
    await after.filter.close();
  });

  it('may be closed twice, and before it has started', async () => {
    const run = new Run({ stateFile });
    await run.filter.close();
    await run.filter.start();
    run.add(1);
    await run.filter.close();
    await run.filter.close();
    // Connections that are on their way may still add.
    expect(run.add(1, 2)).toEqual([false, true]);
    expect(run.timers.size).toBe(0);
  });
});

describe('a LocalReplayFilter that succeeds another', () => {
  it.each([
    ['as large', {}],
    ['larger', { entries: 5000, seconds: 2000 }],
    ['smaller', { entries: 1000 }],
  ])('remembers together with it: %s', async (_what, settings) => {
    const before = await started({ entries: 2000, seconds: 1000 });
    before.add(1);
    const after = await started({ entries: 2000, seconds: 1000, ...settings }, before.now, before);
    before.add(2);
    after.add(3);
    expect([before.add(1, 2, 3), after.add(1, 2, 3)]).toEqual([
      [false, false, false],
      [false, false, false],
    ]);
    await before.filter.close();
    expect(after.add(1, 2, 3, 4)).toEqual([false, false, false, true]);
    expect(before.add(4)).toEqual([false]);
  });

  it('leaves it alone when it is closed first', async () => {
    const before = await started({ entries: 1000, stateFile });
    const after = await started({ entries: 2000, stateFile }, before.now, before);
    for (let n = 0; n < 1500; n += 1) before.add(n);
    await after.filter.close();
    expect(before.displaced).toBe(500);
    expect(before.add(600, 100)).toEqual([false, true]);
    await before.filter.close();
    expect((await started({ entries: 1000, stateFile })).add(600, 99)).toEqual([false, true]);
  });

  it('has one writer with it where both name one file, and its own where they do not', async () => {
    const before = await started({ stateFile });
    before.add(1);
    const after = await started({ stateFile }, before.now, before);
    const elsewhere = join(folder, 'elsewhere');
    const third = await started({ stateFile: elsewhere }, before.now, after);
    third.add(2);
    for (const run of [before, third, after]) await run.filter.close();
    for (const path of [stateFile, elsewhere]) {
      const later = await started({ stateFile: path });
      expect(later.add(1, 2, 3)).toEqual([false, false, true]);
      await later.filter.close();
      expect(later.timers.size).toBe(0);
    }
    for (const run of [before, after, third]) expect([run.timers.size, run.warnings]).toEqual([0, []]);
  });

  it('does not take what an older run has left elsewhere for what is remembered now', async () => {
    const old = await started({ stateFile });
    old.add(1);
    await old.filter.close();
    const before = await started({});
    before.add(2);
    const after = await started({ stateFile }, before.now, before);
    expect(after.add(2)).toEqual([false]);
    expect(after.logger.lines).toEqual([expect.stringMatching(/^info what .* held is replaced/)]);
  });

  it('that cannot start gives back all it has taken', async () => {
    const before = await started({ stateFile });
    before.add(1);
    const file = join(folder, 'foreign');
    await writeFile(file, 'something else');
    const after = new Run({ stateFile: file, entries: 3000 }, before.now, before);
    await expect(after.filter.start()).rejects.toMatchObject({ code: 'E_MTPROTO_STATE_FILE' });
    await after.filter.close();
    expect(before.add(1, 2)).toEqual([false, true]);
    await before.filter.close();
    expect((await started({ stateFile })).add(1, 2, 3)).toEqual([false, false, true]);
  });
});
