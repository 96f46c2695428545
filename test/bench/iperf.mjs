import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { accepts, freePorts } from './ports.mjs';
import { stop, track } from './processes.mjs';

const ATTEMPTS = 20;
const RETRY_MS = 100;
/** Seconds between two figures of a report, on both ends: each end keeps to its own setting. */
const INTERVAL = '0.1';

/** An iperf3 server, and its client's reports as the receiver saw them. */
export class Iperf {
  #server;

  /**
   * @param {import('node:child_process').ChildProcess} server
   * @param {number} port
   */
  constructor(server, port) {
    this.#server = server;
    this.port = port;
  }

  static async start() {
    const [port] = /** @type {[number]} */ (await freePorts(1));
    // With JSON on the server too, it hands its own intervals to the client that asks for them.
    const args = ['-s', '-B', '127.0.0.1', '-p', String(port), '-i', INTERVAL, '-J'];
    const server = track(spawn('iperf3', args, { stdio: 'ignore' }));
    let problem = '';
    server.once('error', (error) => (problem = error.message));
    for (let attempt = 0; !(await accepts(port)); attempt++) {
      if (problem !== '') throw new Error(`iperf3 could not be run (apt-get install iperf3): ${problem}`);
      if (attempt === ATTEMPTS) throw new Error('iperf3 does not listen');
      await sleep(RETRY_MS);
    }
    return new Iperf(server, port);
  }

  /**
   * Bytes a second of one TCP stream, counted at the receiver after the warm-up.
   * @param {number} port of the server, or of a proxy before it
   * @param {'down' | 'up'} direction down: the server sends
   * @param {{warmUpMs: number, windowMs: number}} time
   * @returns {Promise<number>}
   */
  async rate(port, direction, time) {
    const seconds = Math.ceil((time.warmUpMs + time.windowMs) / 1000);
    const way = direction === 'down' ? ['-R'] : ['--get-server-output'];
    const args = ['-c', '127.0.0.1', '-p', String(port), '-t', String(seconds), '-i', INTERVAL, '-J', ...way];
    for (let attempt = 0; ; attempt++) {
      const report = JSON.parse(await outputOf(args, (seconds + 20) * 1000));
      if (report.error === undefined) return receivedRate(report, direction, time);
      // The server still ends the test before: its connections close later when a proxy is between. It refuses with the
      // client's first bytes unread, which is a reset, and may overtake the word "busy".
      if (attempt === ATTEMPTS || !/busy|reset by peer/.test(report.error)) throw new Error(`iperf3: ${report.error}`);
      await sleep(RETRY_MS);
    }
  }

  stop() {
    return stop(this.#server);
  }
}

/**
 * @param {any} report
 * @param {'down' | 'up'} direction
 * @param {{warmUpMs: number, windowMs: number}} time
 */
function receivedRate(report, direction, time) {
  const receiver = direction === 'down' ? report : report.server_output_json;
  const sums = receiver.intervals.map((/** @type {any} */ { sum }) => sum);
  const counted = sums.filter((/** @type {any} */ sum) => sum.start * 1000 >= time.warmUpMs);
  let bytes = 0;
  let seconds = 0;
  for (const sum of counted) {
    bytes += sum.bytes;
    seconds += sum.seconds;
  }
  if (seconds * 2000 < time.windowMs) throw new Error(`iperf3 reported ${seconds} s after the warm-up`);
  return bytes / seconds;
}

/**
 * @param {string[]} args
 * @param {number} limitMs
 * @returns {Promise<string>}
 */
function outputOf(args, limitMs) {
  return new Promise((resolve, reject) => {
    const child = track(spawn('iperf3', args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: limitMs }));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      if (signal === null) resolve(output);
      else reject(new Error(`iperf3 was ended by ${signal} after ${limitMs} ms`));
    });
  });
}
