#!/usr/bin/env node
/**
 * `npm test [-- arguments of vitest]`: installs and builds what is missing, lints, installs the real peers where it may,
 * and runs every test. Its last line is `N passed, N failed, N skipped`. With CI=true a skipped test is a failure,
 * unless it needs data that is not part of the project.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath, stdout } from 'node:process';
import { build, install, root, run, tools } from './workspace.mjs';

const onCi = ['true', '1'].includes(env.CI ?? '');
/** More than twice what all tests take. A run that hangs is to say so. */
const LIMIT_MS = 25 * 60_000;
const problems = [];
const durations = [];

function step(name, work) {
  console.log(`\n== ${name}`);
  const started = performance.now();
  const ok = work();
  durations.push(`${name} ${Math.round((performance.now() - started) / 1000)} s`);
  if (ok === false) problems.push(`${name} failed`);
  return ok;
}

/** Runs vitest. @returns its summary, or undefined where it ended without one */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    const file = join(folder, 'summary.json');
    const plain = stdout.isTTY ? {} : { NO_COLOR: '1' };
    const code = run(execPath, [tools.vitest, 'run', ...argv.slice(2)], {
      env: { ...env, ...plain, SLUICE_TEST_SUMMARY: file },
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    const summary = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    if (code !== 0) problems.push('tests failed');
    else if (summary === undefined) problems.push('the tests left no summary');
    return summary ?? { passed: 0, failed: 0, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let summary = { passed: 0, failed: 0, skipped: [] };
step('install', install);
// What does not compile is not worth testing.
if (step('build', build) !== false) {
  step('lint', () => run(execPath, [join(root, 'scripts/lint.mjs')]) === 0);
  step('peers', () => void run(execPath, [join(root, 'scripts/peers.mjs')]));
  step('tests', () => void (summary = runTests()));
}

const { passed, failed, skipped } = summary;
for (const name of skipped) console.log(`skipped: ${name}`);
// Data that the project may not carry is no reason to fail; a program that is missing is.
const avoidable = skipped.filter((name) => !name.includes('not part of the project'));
if (onCi && avoidable.length > 0) problems.push('tests were skipped, which CI does not allow');
for (const problem of problems) console.log(`problem: ${problem}`);
console.log(`times: ${durations.join(', ')}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = problems.length === 0 ? 0 : 1;
