#!/usr/bin/env node
/**
 * The real programs that the tests talk to: which are here, which are missing, and how to get them.
 *
 * Run as a script it installs what is missing where it may (root on Debian) and always exits 0: a missing peer is
 * reported by the tests that need it, by name. It stays plain JavaScript so that it runs before anything is built.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { argv, env, getuid, platform } from 'node:process';
import { pathToFileURL } from 'node:url';

/** Peer name → its program, its Debian package and, for libraries, a file that proves it is installed. */
export const peers = JSON.parse(readFileSync(new URL('../test/peers/peers.json', import.meta.url), 'utf8'));

// Debian keeps servers in sbin, which is not on everybody's PATH.
const searchPath = [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The absolute path of a program, or undefined. */
export function findBinary(name) {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  return searchPath
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Those of the named peers that cannot be used on this machine. */
export function missingPeers(names = Object.keys(peers)) {
  return names.filter((name) => {
    const peer = peers[name];
    if (peer === undefined) throw new TypeError(`"${name}" is not in test/peers/peers.json`);
    return findBinary(peer.binary) === undefined || (peer.file !== undefined && !existsSync(peer.file));
  });
}

/** Installing needs root, apt and Debian's package names. */
export function mayInstall() {
  return platform === 'linux' && getuid() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

// The package lists are fetched only when what is on disk does not lead to the packages: at most once, as whoever waits
// for the lock finds the packages installed. The policy file keeps a freshly installed server from being started.
const installScript = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy"
fi
install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }
install "$@" || { apt-get update -q && install "$@"; }
`;

/**
 * Installs the Debian packages of the named peers that are missing.
 * Calls from parallel processes wait for each other. Returns the names that are missing afterwards.
 */
export function ensureDebianPackages(names = Object.keys(peers)) {
  const missing = missingPeers(names);
  if (missing.length === 0 || !mayInstall()) return missing;
  const packages = [...new Set(missing.map((name) => peers[name].package))];
  // flock is released by the kernel, so a killed installer leaves no stale lock behind.
  const lock = join(tmpdir(), 'sluice-peers.lock');
  const args = ['-w', '900', lock, 'sh', '-c', installScript, 'install-peers', ...packages];
  const { status, stderr, error } = spawnSync('flock', args, {
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 16 << 20,
    timeout: 15 * 60_000,
  });
  if (status !== 0) console.error(`installing ${packages.join(' ')} failed: ${error?.message ?? stderr.trim()}`);
  return missingPeers(missing);
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const before = missingPeers();
  if (before.length > 0 && mayInstall()) console.log(`installing test peers: ${before.join(', ')}`);
  const after = ensureDebianPackages();
  for (const name of after) console.log(`missing test peer: ${name} (Debian package ${peers[name].package})`);
}
