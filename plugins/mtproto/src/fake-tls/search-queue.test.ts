import { describe, expect, it } from 'vitest';
import type { HelloSearchRun } from './hello-search.js';
import { SearchQueue } from './search-queue.js';

/** Over after so many steps; notes them. */
function search(name: string, steps: number, log: string[] = [], found?: number): HelloSearchRun {
  let left = steps;
  return {
    found,
    step() {
      log.push(name);
      left -= 1;
      return left <= 0;
    },
  };
}

describe('SearchQueue', () => {
  it('answers at once where one step is enough', async () => {
    const queue = new SearchQueue();
    const answer = queue.find(search('a', 1, [], 7));
    expect(queue.size).toBe(0);
    expect(await answer).toBe(7);
  });

  it('makes one step in a turn of the event loop, of the search that came first', async () => {
    const log: string[] = [];
    const queue = new SearchQueue();
    const answers = [
      queue.find(search('a', 4, log, 1)),
      queue.find(search('b', 2, log)),
      queue.find(search('c', 3, log, 3)),
    ];
    expect(log).toEqual(['a', 'b', 'c']);
    const perTurn: number[] = [];
    let isOver = false;
    const turn = (): void => {
      perTurn.push(log.length);
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    expect(await Promise.all(answers)).toEqual([1, undefined, 3]);
    isOver = true;
    expect(log.join('')).toBe('abcaaabcc');
    const steps = perTurn.map((count, i) => count - (perTurn[i - 1] ?? 3));
    expect(Math.max(...steps)).toBe(1);
    expect(queue.size).toBe(0);
  });

  it('drops what nobody waits for any more', async () => {
    const log: string[] = [];
    const queue = new SearchQueue();
    let isWanted = true;
    const dropped = queue.find(search('a', 1000, log, 1), () => isWanted);
    isWanted = false;
    expect(await dropped).toBeUndefined();
    expect(log).toEqual(['a']);
  });

  it('says when too many are under way, but for what is found at once', async () => {
    const queue = new SearchQueue(2);
    const first = queue.find(search('a', 3, [], 1));
    const second = queue.find(search('b', 3, [], 2));
    expect(await queue.find(search('c', 3))).toBe('busy');
    expect(await queue.find(search('d', 1, [], 4))).toBe(4);
    const given: (number | undefined)[] = [];
    const brief: HelloSearchRun = { found: undefined, step: (ms) => given.push(ms) < 0 };
    expect(await queue.find(brief)).toBe('busy');
    // Only a moment is spent on who is turned away.
    expect(given).toEqual([0]);
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(await queue.find(search('e', 3, [], 5))).toBe(5);
  });
});
