import { describe, expect, it } from 'vitest';
import type { Check, Finding } from './finding.js';
import { orAborted, runChecks } from './run-checks.js';

const finding = (about: string): Finding => ({ subject: 'names', about, status: 'ok', seen: 'x' });

describe('checks', () => {
  it('are told in their order, however long they take', async () => {
    const waits: (() => void)[] = [];
    const checks = ['a', 'b', 'c'].map((about): Check => {
      return { subject: 'names', run: () => new Promise((resolve) => waits.push(() => resolve([finding(about)]))) };
    });
    const running = runChecks(checks, 60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waits).toHaveLength(3);
    for (const answer of waits.reverse()) answer();
    expect((await running).map(({ about }) => about)).toEqual(['a', 'b', 'c']);
  });

  it('run side by side up to a number', async () => {
    let running = 0;
    let most = 0;
    const check: Check = {
      subject: 'names',
      async run() {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return [finding('x')];
      },
    };
    expect(await runChecks(new Array<Check>(100).fill(check), 60_000)).toHaveLength(100);
    expect(most).toBe(32);
  });

  it('that do not end are given up, and told so', async () => {
    let signal: AbortSignal | undefined;
    const check: Check = {
      subject: 'names',
      about: 'x',
      run: (given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    };
    expect(await runChecks([check], 20)).toEqual([
      { subject: 'names', about: 'x', status: 'problem', seen: 'no answer within 0.02 s' },
    ]);
    expect(signal?.aborted).toBe(true);
  });

  it('that fail are problems', async () => {
    const check: Check = { subject: 'names', run: () => Promise.reject(new Error('oh')) };
    expect(await runChecks([check], 60_000)).toEqual([{ subject: 'names', status: 'problem', seen: 'oh' }]);
  });
});

it('what cannot be stopped is not waited for', async () => {
  const controller = new AbortController();
  const late = orAborted(new Promise(() => undefined), controller.signal);
  controller.abort(new Error('late'));
  await expect(late).rejects.toThrow('late');
  await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toThrow('late');
});
