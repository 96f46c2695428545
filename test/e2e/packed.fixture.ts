import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from '../peers/process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');

/** What whoever started the tests has told npm and vitest for this project, not for others. */
const ofOurs =
  /^(npm_(package_|lifecycle_|command$|config_(local_prefix|workspace|include_workspace|ignore_scripts|omit))|vitest)/i;

/** Runs npm in a folder. @returns what it wrote @throws with all of that if it fails */
export async function npm(cwd: string, args: readonly string[]): Promise<string> {
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => ofOurs.test(name))
      .map((name) => [name, undefined]),
  );
  // The tools are those that are here: what plugins are built and tested with is not what is tested.
  env.PATH = [join(modules, '.bin'), process.env.PATH].join(delimiter);
  const { code, stdout, stderr } = await runProcess('npm', args, { cwd, env, timeout: 60_000 });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Packs some of our packages as they would be published, and what they need of others' as it is installed here, so that
 * nobody has to ask a registry. @returns the tarballs, by the packages' names
 */
export async function packOwn(names: readonly string[], into: string): Promise<Map<string, string>> {
  const others = await dependenciesOf(names);
  const pack = ['pack', '--ignore-scripts', '--pack-destination', into];
  await npm(root, [...pack, ...names.flatMap((name) => ['-w', name])]);
  await npm(root, [...pack, ...others.map((name) => `./node_modules/${name}`)]);
  const files = await readdir(into);
  const tarballOf = (name: string): string => {
    const start = `${name.replace(/^@/, '').replace('/', '-')}-`;
    return files.find((file) => file.startsWith(start) && /^\d/.test(file.slice(start.length))) ?? '';
  };
  return new Map([...names, ...others].map((name) => [name, join(into, tarballOf(name))]));
}

/** What others' packages these need; ours must all be among them. */
async function dependenciesOf(names: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const name of names) {
    const manifest = await readFile(join(modules, name, 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
    for (const needed of Object.keys(dependencies)) if (!needed.startsWith('@sluice/')) found.add(needed);
  }
  return [...found].sort();
}

/** Installs packages in a project, which is made if there is none; all that they need must be among them or there. */
export async function install(project: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(project, { recursive: true });
  const manifest = { name: 'a-user', version: '1.0.0', private: true };
  const file = join(project, 'package.json');
  if (!existsSync(file)) await writeFile(file, JSON.stringify(manifest));
  await npm(project, ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', ...tarballs]);
}

/** A folder for plugins, where nothing of ours is in reach but what is installed in a project, and the tools that are here. */
export async function makeWorkshop(folder: string, project: string): Promise<void> {
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
  await symlink(join(project, 'node_modules/@sluice'), join(folder, 'node_modules/@sluice'));
  for (const name of ['@types/node', 'vitest', 'fast-check'])
    await symlink(join(modules, name), join(folder, 'node_modules', name));
}

/**
 * Copies an example's sources to a folder in a workshop, builds them there by its own scripts, and packs what comes out. @returns the tarball
 */
export async function packExample(name: string, folder: string): Promise<string> {
  const isSource = (path: string): boolean => !/\/(?:node_modules|dist)$/.test(path);
  await cp(join(root, 'docs/examples', name), folder, { recursive: true, filter: isSource });
  await npm(folder, ['pack', '--ignore-scripts=false']);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz')) ?? '';
  return join(folder, tarball);
}
