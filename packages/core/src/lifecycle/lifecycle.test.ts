import { describe, expect, it } from 'vitest';
import { SluiceError } from '@sluice/plugin-api';
import { Lifecycle, type Part } from './lifecycle.js';

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
    const lifecycle = new Lifecycle(parts, () => undefined);
    await expect(lifecycle.start()).rejects.toMatchObject({
      code: 'E_START_FAILED',
      message: 'b could not start: no such thing',
    });
    expect(events).toEqual(['start a', 'start b', 'close b', 'close a']);
    await lifecycle.close();
    expect(events).toHaveLength(4);
  });

  it('starts nothing more once it is closed, and closes what was just being started', async () => {
    const events: string[] = [];
    let goOn: () => void = () => undefined;
    const slow = (): Promise<void> => new Promise((resolve) => (goOn = resolve));
    const lifecycle = new Lifecycle([recorded('a', events, slow), recorded('b', events)], () => undefined);
    const started = lifecycle.start();
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
    const lifecycle = new Lifecycle(parts, (part, error) => problems.push(`${part}: ${error.message}`));
    await lifecycle.start();
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(events).toEqual(['start a', 'start c', 'close c', 'close a']);
    expect(problems).toEqual(['b: stuck fast']);
  });
});
