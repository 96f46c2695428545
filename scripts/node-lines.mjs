#!/usr/bin/env node
/**
 * `npm run test:node-lines [-- arguments of vitest]`: runs the tests on the LTS lines other than the oldest supported
 * one. Their binaries come from npm, into .sluice/node-<line>; `LINES=24,26` names others.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, argv, env, platform } from 'node:process';
import { delimiter, dirname, join } from 'node:path';
import { build, install, root, run, runNpm, tools } from './workspace.mjs';

const LIMIT_MS = 20 * 60_000;
const lines = (env.LINES ?? '22,24,26').split(',');

// The package `node` only fetches this one in an install script, which npm does not run unasked.
const binaryPackage = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;

/** The Node binary of a line, installed when it is not there. */
function binaryOf(line) {
  const folder = join(root, '.sluice', `node-${line}`);
  const binary = join(folder, 'node_modules', binaryPackage, 'bin', platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    // A package of its own, or npm would take the workspace around it for the place to install to.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--no-save', '--no-package-lock', '--loglevel=error', `${binaryPackage}@${line}`];
    const code = runNpm(args, { cwd: folder, timeout: LIMIT_MS, stdio: ['ignore', 'ignore', 'inherit'] });
    if (code !== 0 || !existsSync(binary)) return undefined;
  }
  return binary;
}

function testOn(line) {
  const binary = binaryOf(line);
  if (binary === undefined) return 'could not be installed';
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  if (!version.startsWith(`v${line}.`)) return `does not run here (${version || 'no version'})`;
  console.log(`\n== Node ${version}`);
  // First on the PATH, for the tests that start `node` by its name.
  const path = [dirname(binary), env.PATH].join(delimiter);
  const code = run(binary, [tools.vitest, 'run', ...argv.slice(2)], { env: { ...env, PATH: path }, timeout: LIMIT_MS });
  return `${code === 0 ? 'passed' : 'FAILED'} (${version})`;
}

install();
if (!build()) process.exit(1);
const results = lines.map((line) => [line, testOn(line)]);
console.log('');
for (const [line, result] of results) console.log(`Node ${line}: ${result}`);
process.exitCode = results.every(([, result]) => result.startsWith('passed')) ? 0 : 1;
