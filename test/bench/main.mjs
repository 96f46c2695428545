/**
 * Sluice beside the real V2Ray on this machine's loopback, in turns, under the same load and with
 * the same configuration. See README.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readOptions, USAGE, UsageError } from './options.mjs';
import { killAll } from './processes.mjs';
import { judge } from './result.mjs';
import { firstLine } from './subjects.mjs';
import { formatted, tableOf } from './table.mjs';

/** Nothing runs longer, whatever hangs. */
const LIMIT_MS = { quick: 8 * 60_000, full: 30 * 60_000 };
const TIME = { quick: { warmUpMs: 400, windowMs: 600 }, full: { warmUpMs: 1000, windowMs: 3000 } };

/** @typedef {import('./works/work.mjs').Bench} Bench */
/** @typedef {import('./works/work.mjs').Work} Work */

/**
 * One work, in turns: ABBA…
 * @param {Work} work
 * @param {Bench} bench
 * @param {number} rounds
 */
async function run(work, bench, rounds) {
  const subjects = bench.subjects.filter(({ name }) => name === (work.only ?? name));
  /** @type {Map<string, import('./rate.mjs').Sample[]>} */
  const samples = new Map(bench.subjects.map(({ name }) => [name, []]));
  /** @type {{ceiling?: number, error?: string}} */
  const more = {};
  /** @type {import('./works/work.mjs').OpenWork | undefined} */
  let open;
  try {
    open = await work.open(bench);
    if (open.ceiling !== undefined) more.ceiling = await open.ceiling();
    for (let round = 0; round < rounds; round++) {
      // ABBA, so that neither is always the one that comes after the other.
      const turn = round % 2 === 0 ? subjects : [...subjects].reverse();
      for (const subject of turn) samples.get(subject.name)?.push(await open.measure(subject));
    }
  } catch (error) {
    more.error = error instanceof Error ? error.message : String(error);
  }
  await open?.close();
  return judge(work, samples, more);
}

/**
 * @param {Work} work
 * @param {import('./subjects.mjs').Subject[]} wanted
 */
function subjectsOf(work, wanted) {
  if (work.subjects === undefined) return wanted;
  return wanted.some(({ name }) => name === 'sluice') ? work.subjects : [];
}

/** @param {import('./subjects.mjs').Subject[]} subjects */
function machine(subjects) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    iperf3: firstLine('iperf3', ['--version']),
    ...Object.fromEntries(subjects.map(({ name, version }) => [name, version()])),
  };
}

/** @param {import('./options.mjs').Options} options */
async function bench(options) {
  const about = machine(options.subjects);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const pace = options.quick ? 'quick' : 'full';
  console.log(
    Object.entries(about)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n'),
    '\n',
  );
  const results = [];
  for (const work of options.works) {
    const begun = performance.now();
    const setting = { subjects: subjectsOf(work, options.subjects), folder, time: TIME[pace] };
    const result = await run(work, setting, options.rounds ?? work.rounds[pace]);
    results.push(result);
    const medians = Object.entries(result.figures).map(
      ([subject, { median }]) => `${subject} ${formatted(median, work.unit)} ${work.unit}`,
    );
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    console.log(`${work.name}: ${[...medians, result.error].filter(Boolean).join(', ')} (${seconds} s)`);
  }
  console.log(`\n${tableOf(results)}`);
  const report = { date: new Date().toISOString(), pace, time: TIME[pace], machine: about, results };
  writeFileSync(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(`\nWritten to ${options.out}`);
  if (results.some(({ error }) => error !== undefined)) return 1;
  return options.assert && results.some(({ met, target }) => met !== true && Object.keys(target).length > 0) ? 1 : 0;
}

/** @param {number} code */
function end(code) {
  killAll();
  process.exit(code);
}

process.once('exit', killAll);
process.once('SIGINT', () => end(130));
process.once('SIGTERM', () => end(143));

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    end(0);
  }
  const limit = LIMIT_MS[options.quick ? 'quick' : 'full'];
  setTimeout(() => {
    console.error(`the bench did not finish in ${limit / 60_000} minutes`);
    end(1);
  }, limit).unref();
  end(await bench(options));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else console.error(error instanceof Error ? error.message : error);
  end(1);
}
