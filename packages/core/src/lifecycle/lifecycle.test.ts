import { describe, expect, it } from 'vitest';
import { SluiceError } from '@sluice/plugin-api';
import { Lifecycle, type Part } from './lifecycle.js';

/** Starts parts one after the other, as an instance does. */
async function startAll(lifecycle: Lifecycle, parts: readonly Part[]): Promise<void> {
  for (const part of parts) await lifecycle.start(part, () => part.start?.());
}

/** A part that writes down what happens to it. */
function recorded(name: string, events: string[], start: () => Promise<void> = () => Promise.resolve()): Part {
  return {
    name,
    start: async () => {
      events.push(`start ${name}`);
      await start();
    },
    close: () => void events.push(`close ${name}`),
  };
}

describe('Lifecycle', () => {
  it('closes in reverse what was started, the failed part included, and says what failed', async () => {
    const events: string[] = [];
    const fail = (): Promise<void> => Promise.reject(new TypeError('no such thing'));
    const parts = [recorded('a', events), recorded('b', events, fail), recorded('c', events)];
    const lifecycle = new Lifecycle(() => undefined);
    await expect(startAll(lifecycle, parts)).rejects.toMatchObject({
      code: 'E_START_FAILED',
      message: 'b could not start: no such thing',
    });
    expect(events).toEqual(['start a', 'start b', 'close b']);
    await lifecycle.close();
    await lifecycle.close();
    expect(events.slice(3)).toEqual(['close a']);
  });

  it('starts nothing more once it is closed, and closes what was just being started', async () => {
    const events: string[] = [];
    let goOn: () => void = () => undefined;
    const slow = (): Promise<void> => new Promise((resolve) => (goOn = resolve));
    const lifecycle = new Lifecycle(() => undefined);
    const started = startAll(lifecycle, [recorded('a', events, slow), recorded('b', events)]);
    const closed = lifecycle.close();
    goOn();
    await expect(started).rejects.toMatchObject({ code: 'E_CLOSING' });
    await closed;
    expect(events.filter((event) => event.startsWith('start'))).toEqual(['start a']);
    expect(events.at(-1)).toBe('close a');
  });

  it('reports a part that fails to close and closes the others', async () => {
    const events: string[] = [];
    const problems: string[] = [];
    const throwing: Part = {
      name: 'b',
      close: () => {
        throw new SluiceError('E_INTERNAL', 'stuck fast');
      },
    };
    const parts = [recorded('a', events), throwing, recorded('c', events)];
    const lifecycle = new Lifecycle((part, error) => problems.push(`${part}: ${error.message}`));
    await startAll(lifecycle, parts);
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(events).toEqual(['start a', 'start c', 'close c', 'close a']);
    expect(problems).toEqual(['b: stuck fast']);
  });

  it('retires one part by itself, once', async () => {
    const events: string[] = [];
    const [a, b] = [recorded('a', events), recorded('b', events)];
    const lifecycle = new Lifecycle(() => undefined);
    await startAll(lifecycle, [a, b]);
    await lifecycle.retire(a);
    await lifecycle.retire(a);
    await lifecycle.close();
    expect(events.slice(2)).toEqual(['close a', 'close b']);
  });
});
