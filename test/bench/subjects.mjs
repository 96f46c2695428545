import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { accepts } from './ports.mjs';
import { hasEnded, stop, track } from './processes.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SLUICE = path.join(ROOT, 'packages/cli/bin/sluice.js');
const START_LIMIT_MS = 15_000;
/** How fine the time to listening is measured. */
const POLL_MS = 2;
/** USER_HZ, which Linux fixes for /proc. */
const TICKS_PER_SECOND = 100;

/**
 * A program under measurement: how to run it with a configuration file.
 * @typedef {object} Subject
 * @property {string} name
 * @property {(file: string) => string[]} command
 * @property {() => string} version
 */

/** @type {Record<string, Subject>} */
export const SUBJECTS = {
  sluice: {
    name: 'sluice',
    command: (file) => [process.execPath, SLUICE, 'run', '-c', file],
    version: () => JSON.parse(readFileSync(path.join(ROOT, 'packages/cli/package.json'), 'utf8')).version,
  },
  v2ray: {
    name: 'v2ray',
    command: (file) => ['v2ray', '-config', file],
    version: () => firstLine('v2ray', ['-version']),
  },
};

/**
 * @param {string} command
 * @param {string[]} args
 */
export function firstLine(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  if (result.error !== undefined) throw new Error(`${command} could not be run: ${result.error.message}`);
  return result.stdout.split('\n')[0] ?? '';
}

let files = 0;

/** A subject that runs, and what the kernel tells of it. */
export class RunningSubject {
  /**
   * @param {string} name
   * @param {import('node:child_process').ChildProcess} child
   * @param {number} startedMs how long it took from the spawn until every port accepted
   */
  constructor(name, child, startedMs) {
    this.name = name;
    this.child = child;
    this.startedMs = startedMs;
  }

  /**
   * Starts the subject; settles when every port accepts connections.
   * @param {Subject} subject
   * @param {unknown} config V2Ray's JSON as an object, or the text of a file
   * @param {number[]} ports that the configuration listens on
   * @param {string} folder for the configuration and the output
   */
  static async start(subject, config, ports, folder) {
    const name = path.join(folder, `${subject.name}-${++files}`);
    const file = `${name}.json`;
    const output = `${name}.out`;
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, undefined, 2));
    const [command, ...args] = subject.command(file);
    const descriptor = openSync(output, 'w');
    const begun = performance.now();
    const child = track(
      spawn(/** @type {string} */ (command), args, { stdio: ['ignore', descriptor, descriptor], cwd: folder }),
    );
    closeSync(descriptor);
    let problem = '';
    child.once('error', (error) => (problem = error.message));
    for (const port of ports) {
      while (!(await accepts(port))) {
        if (hasEnded(child)) {
          throw new Error(`${subject.name} did not start: ${problem || readFileSync(output, 'utf8').trim()}`);
        }
        if (performance.now() - begun > START_LIMIT_MS) {
          await stop(child);
          throw new Error(`${subject.name} does not listen on port ${port} after ${START_LIMIT_MS} ms`);
        }
        await sleep(POLL_MS);
      }
    }
    return new RunningSubject(subject.name, child, performance.now() - begun);
  }

  /** Seconds of processor time used so far, in user and kernel mode, over all threads. */
  cpuSeconds() {
    const fields = this.#proc('stat').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /**
   * Bytes of memory: `own` are the pages that nobody else maps, `resident` all pages (RSS).
   * @returns {{own: number, resident: number}}
   */
  memory() {
    const rollup = this.#proc('smaps_rollup');
    const field = (/** @type {string} */ key) =>
      Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024;
    return { own: field('Private_Clean') + field('Private_Dirty'), resident: field('Rss') };
  }

  stop() {
    return stop(this.child);
  }

  /** @param {string} file */
  #proc(file) {
    if (hasEnded(this.child)) throw new Error(`${this.name} ended in the middle of a measurement`);
    return readFileSync(`/proc/${this.child.pid}/${file}`, 'utf8');
  }
}
