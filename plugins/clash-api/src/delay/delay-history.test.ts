import { expect, test } from 'vitest';
import { DelayHistory } from './delay-history.js';

test('keeps ten tests of eight URLs of an outbound, the last ones', () => {
  const history = new DelayHistory();
  for (let i = 0; i < 25; i += 1) history.record('a', 'http://same/', { at: i, delay: i });
  expect(
    history
      .of('a')
      .get('http://same/')
      ?.map(({ at }) => at),
  ).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
  for (let i = 0; i < 100; i += 1) {
    history.record('a', `http://${i}/`, { at: i, delay: i });
    if (i === 95) history.record('a', 'http://kept/', { at: i, delay: i });
  }
  expect([...history.of('a').keys()]).toEqual([
    'http://93/',
    'http://94/',
    'http://95/',
    'http://kept/',
    'http://96/',
    'http://97/',
    'http://98/',
    'http://99/',
  ]);
});

test('forgets outbounds that are gone', () => {
  const history = new DelayHistory();
  history.record('a', 'http://x/', { at: 1, delay: 1 });
  history.record('b', 'http://x/', { at: 1, delay: 1 });
  history.keepOnly(new Set(['b']));
  expect([history.of('a').size, history.of('b').size]).toEqual([0, 1]);
});
