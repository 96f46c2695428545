/**
 * Brings the working copy into a state in which it can run: packages installed as the lock file says, sources built.
 * Plain JavaScript without dependencies, since it runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath, exit, kill, pid } from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export const tools = {
  depcruise: join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
  eslint: join(root, 'node_modules/eslint/bin/eslint.js'),
  knip: join(root, 'node_modules/knip/bin/knip.js'),
  prettier: join(root, 'node_modules/prettier/bin/prettier.cjs'),
  rolldown: join(root, 'node_modules/rolldown/bin/cli.mjs'),
  tsc: join(root, 'node_modules/typescript/bin/tsc'),
  vitest: join(root, 'node_modules/vitest/vitest.mjs'),
};

/** Runs a program to its end with our own input and output. A signal that ends it ends us. @returns its exit code */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  if (signal !== null && error?.code !== 'ETIMEDOUT') kill(pid, signal);
  return status ?? 1;
}

/** Runs npm with the Node that runs us. */
export function runNpm(args, options) {
  // Under `npm run` this is npm's own program; without it, the one on the PATH (a .cmd file on Windows).
  const program = env.npm_execpath;
  if (program?.endsWith('.js')) return run(execPath, [program, ...args], options);
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Whether node_modules is what package-lock.json asks for; npm keeps there a lock file of what it installed. */
function isInstalled() {
  const wanted = readLock('package-lock.json');
  const installed = readLock('node_modules/.package-lock.json');
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([place, { version, optional, link }]) => {
    if (place === '') return true;
    const found = installed[place];
    if (found === undefined) return optional === true;
    return found.version === version && found.link === link;
  });
}

/** Installs what the lock file says, where that is not done yet. */
export function install() {
  if (isInstalled()) return;
  console.log('installing packages');
  // Its own report of what it added is noise; warnings and errors go through.
  if (runNpm(['ci', '--loglevel=warn'], { stdio: ['ignore', 'ignore', 'inherit'] }) !== 0) exit(1);
}

/** Compiles what has changed, and bundles the command. @returns whether it compiles */
export function build() {
  if (run(execPath, [tools.tsc, '-b']) !== 0) return false;
  if (isBundled()) return true;
  const config = join(root, 'packages/cli/rolldown.config.js');
  const { status, stdout } = spawnSync(execPath, [tools.rolldown, '-c', config], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  // Its report of what it wrote is noise, unless it failed.
  if (status !== 0) console.error(stdout);
  else replaceBundle();
  return status === 0;
}

/** File by file and parts first, so that a command that starts meanwhile finds all that it needs. */
function replaceBundle() {
  const [from, to] = ['bundle.new', 'bundle'].map((name) => join(root, 'packages/cli', name));
  const made = readdirSync(from).sort();
  mkdirSync(to, { recursive: true });
  for (const file of made) renameSync(join(from, file), join(to, file));
  for (const file of readdirSync(to)) if (!made.includes(file)) rmSync(join(to, file));
  rmSync(from, { recursive: true });
}

/** Whether nothing was compiled since the bundle was made. */
function isBundled() {
  const made = modified(join(root, 'packages/cli/bundle/sluice.js'));
  const compiled = ['packages', 'plugins'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => modified(join(root, folder, name, 'dist/.tsbuildinfo'))),
  );
  return compiled.every((time) => time < made);
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
