import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from '../peers/process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');

/** What whoever started the tests by npm has told it for this project, not for others. */
const ofOurs =
  /^npm_(package_|lifecycle_|command$|config_(local_prefix|workspace|include_workspace|ignore_scripts|omit))/i;

/** Runs npm in a folder. @returns what it wrote @throws with all of that if it fails */
async function npm(cwd: string, args: readonly string[]): Promise<string> {
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => ofOurs.test(name))
      .map((name) => [name, undefined]),
  );
  // The compiler is the one that is here: what plugins are built with is not what is tested.
  env.PATH = [join(modules, '.bin'), process.env.PATH].join(delimiter);
  const { code, stdout, stderr } = await runProcess('npm', args, { cwd, env, timeout: 60_000 });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Packs some of our packages as they would be published. */
export async function packOwn(names: readonly string[], into: string): Promise<string[]> {
  const workspaces = names.flatMap((name) => ['-w', name]);
  await npm(root, ['pack', '--ignore-scripts', '--pack-destination', into, ...workspaces]);
  return tarballsIn(into);
}

export async function tarballsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => join(folder, name));
}

/** A project of a user's own in which packages are installed; what they need comes from the registry. */
export async function install(project: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'a-user', version: '1.0.0', private: true }));
  await npm(project, ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs]);
}

/**
 * Copies a plugin's sources to a folder where nothing of ours is in reach but what is installed in a project, builds
 * them there by its own scripts, and packs what comes out.
 */
export async function packPlugin(name: string, folder: string, project: string, into: string): Promise<void> {
  const isSource = (path: string): boolean => !/\/(?:node_modules|dist)$/.test(path);
  await cp(join(root, 'docs/examples', name), folder, { recursive: true, filter: isSource });
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
  await symlink(join(project, 'node_modules/@sluice'), join(folder, 'node_modules/@sluice'));
  await symlink(join(modules, '@types/node'), join(folder, 'node_modules/@types/node'));
  await npm(folder, ['pack', '--ignore-scripts=false', '--pack-destination', into]);
}
