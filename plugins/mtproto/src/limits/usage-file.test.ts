import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SluiceError, TimerWheel } from '@sluice/plugin-api';
import { MemoryLogger } from '@sluice/testing';
import { MemoryLedger } from './memory-ledger.js';
import { UsageFile, type UsageStore } from './usage-file.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

let stores = 0;

/** A file in memory that can fail and be slow. */
class Store implements UsageStore {
  readonly path: string;
  content: Buffer | undefined;
  writes = 0;
  atOnce = 0;
  failure: SluiceError | undefined;
  /** Awaited by every write. */
  delay: Promise<void> = Promise.resolve();

  constructor(name = `usage${(stores += 1)}`) {
    this.path = `/somewhere/${name}`;
  }

  read(): Promise<Buffer | undefined> {
    return Promise.resolve(this.content);
  }

  async write(bytes: Buffer): Promise<void> {
    this.writes += 1;
    this.atOnce += 1;
    expect(this.atOnce).toBe(1);
    await this.delay;
    this.atOnce -= 1;
    if (this.failure !== undefined) throw this.failure;
    this.content = bytes;
  }
}

const key = Buffer.alloc(16, 7);

interface Run {
  readonly usage: UsageFile;
  readonly ledger: MemoryLedger;
  readonly logger: MemoryLogger;
  readonly timers: TimerWheel;
}

async function run(store: Store, total = 1000): Promise<Run> {
  const logger = new MemoryLogger();
  const timers = new TimerWheel();
  const usage = new UsageFile(store, { logger, timers });
  const ledger = new MemoryLedger({ quota: { total } });
  usage.keep(key, ledger.counts);
  await usage.start();
  return { usage, ledger, logger, timers };
}

/** What a run that starts now would know. */
async function kept(store: Store): Promise<{ up: number; down: number }> {
  const copy = new Store();
  copy.content = store.content;
  const { ledger } = await run(copy);
  return { up: ledger.counts.up, down: ledger.counts.down };
}

describe('UsageFile', () => {
  it('proves on start that it can write', async () => {
    const store = new Store();
    const { usage } = await run(store);
    expect(store.writes).toBe(1);
    await usage.close();
    store.failure = new SluiceError('E_INTERNAL', 'the disk is full');
    await expect(run(store)).rejects.toBe(store.failure);
  });

  it('has its file for itself, until it is closed or could not start', async () => {
    const store = new Store('one');
    const { usage } = await run(store);
    const second = new UsageFile(new Store('one'), { logger: new MemoryLogger(), timers: new TimerWheel() });
    await expect(second.start()).rejects.toMatchObject({ code: 'E_START_FAILED' });
    await second.close();
    await expect(run(new Store('one'))).rejects.toMatchObject({ code: 'E_START_FAILED' });
    await usage.close();
    const third = new UsageFile(store, { logger: new MemoryLogger(), timers: new TimerWheel() });
    store.content = Buffer.from('x');
    await expect(third.start()).rejects.toMatchObject({ message: expect.stringMatching(/not hold usage/) as string });
    await third.close();
    store.content = undefined;
    await (await run(store)).usage.close();
  });

  it('refuses to start on, and to write over, what is not usage', async () => {
    const store = new Store('spoilt');
    store.content = Buffer.from('not usage at all');
    const usage = new UsageFile(store, { logger: new MemoryLogger(), timers: new TimerWheel() });
    usage.keep(key, new MemoryLedger({ quota: { up: 1 } }).counts);
    await expect(usage.start()).rejects.toMatchObject({
      code: 'E_START_FAILED',
      message: expect.stringContaining('/somewhere/spoilt') as string,
    });
    await usage.close();
    expect(store.writes).toBe(0);
  });

  it('writes ten seconds after the first change, once, and nothing without one', async () => {
    const store = new Store();
    const { ledger, timers, usage } = await run(store);
    expect(timers.size).toBe(0);
    ledger.spend(1, 2);
    await vi.advanceTimersByTimeAsync(5000);
    ledger.spend(10, 20);
    await vi.advanceTimersByTimeAsync(4900);
    expect(store.writes).toBe(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(store.writes).toBe(2);
    expect(await kept(store)).toEqual({ up: 11, down: 22 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.writes).toBe(2);
    expect(timers.size).toBe(0);
    await usage.close();
    expect(store.writes).toBe(2);
  });

  it('writes at once when the quota is passed', async () => {
    const store = new Store();
    const { ledger } = await run(store);
    ledger.spend(0, 1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.writes).toBe(1);
    ledger.spend(0, 1);
    await vi.advanceTimersByTimeAsync(400);
    expect(await kept(store)).toEqual({ up: 0, down: 1001 });
  });

  it('does not wait longer for a quota that is passed just before a write is done', async () => {
    const store = new Store();
    const { ledger } = await run(store);
    let finish = (): void => {};
    store.delay = new Promise((resolve) => (finish = resolve));
    ledger.spend(1, 0);
    await vi.advanceTimersByTimeAsync(10_300);
    ledger.spend(2000, 0);
    finish();
    await vi.advanceTimersByTimeAsync(400);
    expect(await kept(store)).toEqual({ up: 2001, down: 0 });
  });

  it('writes the rest on closing, and nothing more afterwards', async () => {
    const store = new Store();
    const { ledger, usage, timers } = await run(store);
    ledger.spend(5, 0);
    await usage.close();
    expect(await kept(store)).toEqual({ up: 5, down: 0 });
    expect(timers.size).toBe(0);
    ledger.spend(5, 0);
    await usage.close();
    expect(timers.size).toBe(0);
    expect(store.writes).toBe(2);
  });

  it('loses nothing that is used during a write, and never writes twice at a time', async () => {
    const store = new Store();
    const { ledger, usage, timers } = await run(store);
    let finish = (): void => {};
    store.delay = new Promise((resolve) => (finish = resolve));
    ledger.spend(1, 0);
    await vi.advanceTimersByTimeAsync(10_300);
    expect(store.writes).toBe(2);
    ledger.spend(2000, 0);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(store.writes).toBe(2);
    finish();
    await vi.advanceTimersByTimeAsync(400);
    expect(store.writes).toBe(3);
    expect(await kept(store)).toEqual({ up: 2001, down: 0 });
    expect(timers.size).toBe(0);

    store.delay = new Promise((resolve) => (finish = resolve));
    ledger.spend(1, 0);
    await vi.advanceTimersByTimeAsync(10_300);
    ledger.spend(1, 0);
    const closed = usage.close();
    finish();
    await closed;
    expect(await kept(store)).toEqual({ up: 2003, down: 0 });
    expect(timers.size).toBe(0);
  });

  it('says once that it cannot write, tries again, and says when it can', async () => {
    const store = new Store();
    const { ledger, logger, usage } = await run(store);
    store.failure = new SluiceError('E_INTERNAL', 'the disk is full');
    ledger.spend(1, 0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.writes).toBeGreaterThan(4);
    expect(logger.lines).toEqual([expect.stringMatching(/^error used quotas cannot be kept: the disk is full/)]);
    store.failure = undefined;
    await vi.advanceTimersByTimeAsync(11_000);
    expect(await kept(store)).toEqual({ up: 1, down: 0 });
    expect(logger.lines).toHaveLength(2);
    expect(logger.lines[1]).toBe('info used quotas are kept again');
    await usage.close();
  });

  it('closes although it cannot write', async () => {
    const store = new Store();
    const { ledger, logger, usage, timers } = await run(store);
    store.failure = new SluiceError('E_INTERNAL', 'the disk is full');
    ledger.spend(1, 0);
    await usage.close();
    expect(logger.lines).toHaveLength(1);
    expect(timers.size).toBe(0);
  });
});
