import { readFileSync } from 'node:fs';
import { freePorts } from '../ports.mjs';
import { RunningSubject } from '../subjects.mjs';

const QUICKSTART = new URL('../../../configs/quickstart.jsonc', import.meta.url);
const PORT = /("port"\s*:\s*)(\d+)(?=\s*[,}])/g;

/**
 * The quickstart configuration as it stands, but on free ports, and all that it listens on. Its
 * text is kept, comments and all: reading them is part of the start.
 */
async function quickstart() {
  const text = readFileSync(QUICKSTART, 'utf8');
  const ports = await freePorts(text.match(PORT)?.length ?? 0);
  let next = 0;
  return { config: text.replace(PORT, (_, key) => `${key}${ports[next++]}`), ports };
}

/** @type {import('./work.mjs').Work} */
export const start = {
  name: 'start',
  title: 'start of the quickstart config to listening',
  unit: 'ms',
  better: 'less',
  target: { limit: 400 },
  rounds: { quick: 5, full: 10 },
  async open(bench) {
    /** @param {import('../subjects.mjs').Subject} subject */
    async function once(subject) {
      const { config, ports } = await quickstart();
      const running = await RunningSubject.start(subject, config, ports, bench.folder);
      await running.stop();
      return running.startedMs;
    }
    // The first start reads the program from the disk; that is the disk's figure.
    for (const subject of bench.subjects) await once(subject);
    return {
      measure: async (subject) => ({ value: await once(subject) }),
      close: async () => {},
    };
  },
};
