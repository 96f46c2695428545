#!/usr/bin/env node
/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out of it.
 *
 * npm writes only those that the registry in use could serve, and `npm ci` refuses a lock file that lacks any. An entry
 * without an integrity hash is enough: a package for another platform is never fetched here, and a mirror that lacks it
 * has no hash to give. Run it after `npm install`; with `--check` it only says what is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];
const libraries = { gnu: 'glibc', glibc: 'glibc', musl: 'musl' };

/** What a platform package's name says it runs on: `@scope/binding-linux-arm64-gnu` → linux, arm64, glibc. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  const libc = words.map((word) => libraries[word]).find((library) => library !== undefined);
  return {
    ...(cpu !== undefined && { cpu: [cpu] }),
    ...(os === 'linux' && libc !== undefined && { libc: [libc] }),
    ...(os !== undefined && { os: [os] }),
  };
}

/** Where Node would find `name` when a package at `folder` asks for it. */
function isLocked(packages, folder, name) {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

/** The entries that a lock file's content lacks, by their place in it. */
export function missingEntries(lock) {
  const missing = {};
  for (const [folder, owner] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (isLocked(lock.packages, folder, name)) continue;
      const { cpu, libc, os } = platformOf(name);
      missing[`node_modules/${name}`] = {
        version,
        ...(cpu && { cpu }),
        ...(owner.dev && { dev: true }),
        ...(libc && { libc }),
        ...(owner.license && { license: owner.license }),
        optional: true,
        ...(os && { os }),
      };
    }
  }
  return missing;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingEntries(lock);
  const places = Object.keys(missing);
  if (places.length > 0 && argv.includes('--check')) {
    console.error(`package-lock.json lacks ${places.join(', ')}: run "node scripts/complete-lock.mjs"`);
    exit(1);
  }
  if (places.length > 0) {
    const entries = Object.entries({ ...lock.packages, ...missing });
    lock.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, 'en')));
    writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`package-lock.json: added ${places.length} packages of other platforms`);
  }
}
