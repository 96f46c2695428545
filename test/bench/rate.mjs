import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {object} Sample one measurement of one subject
 * @property {number} value in the unit of the work
 * @property {number | undefined} [cores] processor cores that the subject kept busy meanwhile
 * @property {Record<string, number>} [detail]
 */

/**
 * How fast a counter grows: a fixed window after a warm-up.
 * @param {() => Promise<import('./load.mjs').Mark>} mark
 * @param {{warmUpMs: number, windowMs: number}} time
 * @param {import('./subjects.mjs').RunningSubject} [subject]
 * @returns {Promise<{perSecond: number, cores?: number}>}
 */
export async function rateOf(mark, time, subject) {
  await sleep(time.warmUpMs);
  const before = await mark();
  const cpuBefore = subject?.cpuSeconds() ?? 0;
  await sleep(time.windowMs);
  const after = await mark();
  const seconds = (after.at - before.at) / 1000;
  const perSecond = (after.count - before.count) / seconds;
  return subject === undefined ? { perSecond } : { perSecond, cores: (subject.cpuSeconds() - cpuBefore) / seconds };
}
