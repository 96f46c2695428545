#!/usr/bin/env node
/** `npm run lint`: every check that needs no running code, two at a time. Silent ones passed. */
import { spawn } from 'node:child_process';
import { env, execPath, stdout } from 'node:process';
import { root, tools } from './workspace.mjs';

// The slowest first, so that the others fit beside it.
const checks = [
  ['eslint', tools.eslint, '.', '--max-warnings=0'],
  ['types, tests included', tools.tsc, '-p', 'tsconfig.check.json'],
  ['prettier', tools.prettier, '--check', '--log-level=warn', '--cache', '--cache-strategy=content', '.'],
  ['import direction', tools.depcruise, 'docs/examples', 'packages', 'plugins', 'scripts', 'test'],
  ['knip', tools.knip, '--no-progress'],
  ['lock file', 'scripts/complete-lock.mjs', '--check'],
];

const color = stdout.isTTY ? ['--color'] : [];

function check([name, program, ...args]) {
  const started = performance.now();
  const withColor = program === tools.eslint ? [...args, ...color] : args;
  const child = spawn(execPath, [program, ...withColor], {
    cwd: root,
    // Some of them take CI for a reason to write colours into a log file.
    env: stdout.isTTY ? env : { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`);
      if (code !== 0) stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

const waiting = [...checks];
let failed = 0;

async function work() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!(await check(next))) failed += 1;
  }
}

await Promise.all([work(), work()]);
process.exitCode = failed === 0 ? 0 : 1;
