import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from '../load.mjs';
import { freePorts } from '../ports.mjs';
import { RunningSubject } from '../subjects.mjs';
import { clientOf, configOf, FAKE_TLS, PLAIN } from './modes.mjs';
import { stopAll } from './work.mjs';

const HELD = 4000;
/** Exchanged and closed before the first reading: code is loaded and the heaps have their working size. */
const WARM_UP = 2000;
const CONCURRENCY = 32;
/** Stable: the last readings lie within this share of each other; a limit bounds the wait. */
const STABLE = { readings: 6, everyMs: 400, share: 0.005, limitMs: 20_000 };

/**
 * A proxy holds two sockets for each connection.
 * @param {number} held
 */
export function checkFileLimit(held) {
  const needed = 2 * held + 200;
  const [, hard] = /Max open files\s+\S+\s+(\S+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (hard !== 'unlimited' && Number(hard) < needed) {
    throw new Error(`needs ${needed} open files in a process; the hard limit is ${hard}`);
  }
}

/** @param {RunningSubject} subject */
export async function settledMemory(subject) {
  const readings = [subject.memory()];
  const end = performance.now() + STABLE.limitMs;
  for (;;) {
    await sleep(STABLE.everyMs);
    const now = subject.memory();
    readings.push(now);
    const last = readings.slice(-STABLE.readings).map(({ own }) => own);
    const spread = Math.max(...last) - Math.min(...last);
    if (last.length === STABLE.readings && spread <= STABLE.share * now.own) return now;
    if (performance.now() > end) return now;
  }
}

/**
 * @param {import('./modes.mjs').Mode} mode
 * @param {import('./work.mjs').Target} target
 * @returns {import('./work.mjs').Work}
 */
function memoryWork(mode, target) {
  return {
    name: `${mode.name}-memory`,
    title: `${mode.title}, memory per idle connection, ${HELD} held`,
    unit: 'KB',
    better: 'less',
    target,
    rounds: { quick: 1, full: 3 },
    async open(bench) {
      checkFileLimit(HELD);
      return {
        // A fresh process for every round: memory once used is not given back, and would hide the next.
        async measure(subject) {
          const dataCenter = new Load('server');
          const clients = new Load('exchanges');
          /** @type {Array<{stop(): Promise<void>}>} */
          const started = [dataCenter, clients];
          try {
            const { port: dataCenterPort } = await dataCenter.ask('open', { behaviour: 'answer' });
            const [port] = /** @type {[number]} */ (await freePorts(1));
            const config = configOf(mode, dataCenterPort)(port, subject);
            const running = await RunningSubject.start(subject, config, [port], bench.folder);
            started.push(running);
            await clients.ask('prepare', { ...clientOf(mode, subject), count: WARM_UP + HELD });
            await clients.ask('churn', { port, count: WARM_UP, concurrency: CONCURRENCY });
            const before = await settledMemory(running);
            await clients.ask('hold', { port, count: HELD, concurrency: CONCURRENCY });
            const after = await settledMemory(running);
            const [here, there] = await Promise.all([clients.ask('held'), dataCenter.ask('connections')]);
            if (here !== HELD || there < HELD) throw new Error(`only ${Math.min(here, there)} of ${HELD} were held`);
            return {
              value: (after.own - before.own) / HELD / 1000,
              detail: {
                ownBefore: before.own,
                ownAfter: after.own,
                residentBefore: before.resident,
                residentAfter: after.resident,
              },
            };
          } finally {
            await stopAll(started);
          }
        },
        close: async () => {},
      };
    },
  };
}

export const memory = memoryWork(PLAIN, { ratio: 0.5, limit: 16 });
export const memoryInTls = memoryWork(FAKE_TLS, { limit: 20 });
