import { freePorts } from '../ports.mjs';
import { RunningSubject } from '../subjects.mjs';

/**
 * What must hold for the medians; nothing if empty. With `better: 'more'` the ratio is a least, with `'less'` a most.
 * @typedef {object} Target
 * @property {number} [ratio] Sluice's figure over that of what it is compared with
 * @property {number} [limit] Sluice's figure itself, in the unit of the work
 */

/**
 * What every work is given.
 * @typedef {object} Bench
 * @property {import('../subjects.mjs').Subject[]} subjects
 * @property {string} folder for configurations and outputs
 * @property {{warmUpMs: number, windowMs: number}} time
 */

/**
 * A work that is set up, with every subject running side by side.
 * @typedef {object} OpenWork
 * @property {(subject: import('../subjects.mjs').Subject) => Promise<import('../rate.mjs').Sample>} measure once
 * @property {() => Promise<number>} [ceiling] what the generator does with no proxy between
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Work
 * @property {string} name for --only
 * @property {string} title
 * @property {'GB/s' | '1/s' | 'KB' | 'ms' | 'µs'} unit GB and KB are 10⁹ and 10³ bytes
 * @property {'more' | 'less'} better
 * @property {Target} target
 * @property {string} [only] the only subject that it is for
 * @property {import('../subjects.mjs').Subject[]} [subjects] its own, instead of Sluice and V2Ray: first that named
 *   `sluice`, then what it is compared with
 * @property {{quick: number, full: number}} rounds
 * @property {(bench: Bench) => Promise<OpenWork>} open
 */

/** All subjects of a bench, each with one inbound of its own. */
export class SideBySide {
  /** @type {Map<string, {running: RunningSubject, port: number}>} */
  #started = new Map();

  /**
   * @param {Bench} bench
   * @param {(port: number, subject: import('../subjects.mjs').Subject) => unknown} configFor
   */
  static async start(bench, configFor) {
    const all = new SideBySide();
    try {
      for (const subject of bench.subjects) {
        const [port] = /** @type {[number]} */ (await freePorts(1));
        const running = await RunningSubject.start(subject, configFor(port, subject), [port], bench.folder);
        all.#started.set(subject.name, { running, port });
      }
    } catch (error) {
      await all.stop();
      throw error;
    }
    return all;
  }

  /** @param {import('../subjects.mjs').Subject} subject */
  of(subject) {
    const started = this.#started.get(subject.name);
    if (started === undefined) throw new Error(`${subject.name} was not started`);
    return started;
  }

  async stop() {
    await Promise.all([...this.#started.values()].map(({ running }) => running.stop()));
  }
}

/**
 * Stops what was started, the last first, whether or not one of them fails to.
 * @param {Array<{stop(): Promise<void>}>} started
 */
export async function stopAll(started) {
  await Promise.allSettled(started.reverse().map((one) => one.stop()));
}
