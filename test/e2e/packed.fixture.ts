import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
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

/** Packs some of our packages as they would be published. @returns the tarballs, by the packages' names */
export async function packOwn(names: readonly string[], into: string): Promise<Map<string, string>> {
  const workspaces = names.flatMap((name) => ['-w', name]);
  await npm(root, ['pack', '--ignore-scripts', '--pack-destination', into, ...workspaces]);
  const files = await readdir(into);
  const tarballOf = (name: string): string =>
    files.find((file) => new RegExp(`^${name.replace(/^@/, '').replace('/', '-')}-\\d`).test(file)) ?? '';
  return new Map(names.map((name) => [name, join(into, tarballOf(name))]));
}

/** An empty project in which packages are installed; what they need comes from the registry. */
export async function install(project: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'a-user', version: '1.0.0', private: true }));
  await npm(project, ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs]);
}

/** Lets what is installed in a project be built and tested by the tools that are here. */
export async function lendTools(project: string): Promise<void> {
  await mkdir(join(project, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'vitest', 'fast-check'])
    await symlink(join(modules, name), join(project, 'node_modules', name));
}

/**
 * Copies an example's sources to a folder where nothing of ours is in reach but what is installed, builds them there by
 * its own scripts, and packs what comes out. @returns the tarball
 */
export async function packExample(name: string, folder: string): Promise<string> {
  const isSource = (path: string): boolean => !/\/(?:node_modules|dist)$/.test(path);
  await cp(join(root, 'docs/examples', name), folder, { recursive: true, filter: isSource });
  await npm(folder, ['pack', '--ignore-scripts=false']);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz')) ?? '';
  return join(folder, tarball);
}
