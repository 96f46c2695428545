import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal, type Answers, type Kind } from './answers.js';
import { licenseText } from './license.js';
import { packageJson } from './package-json.js';
import { readme } from './readme.js';

const templates = fileURLToPath(new URL('../templates', import.meta.url));

/** The folders whose files make a kind. */
const parts: Readonly<Record<Kind, readonly string[]>> = {
  protocol: ['common', 'stream', 'protocol'],
  transport: ['common', 'stream', 'transport'],
  rule: ['common', 'rule'],
  service: ['common', 'service'],
};

/** Writes the plugin. @throws Refusal if there is something in the folder; an Error with a code if it cannot be written */
export async function scaffold(answers: Answers): Promise<void> {
  const { folder, kind, name, packageName } = answers;
  const there = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  // A repository that was made for it is empty, too.
  if (there.some((entry) => entry !== '.git')) throw new Refusal(`${folder} is not empty`);
  const version = await ownVersion();
  const files = new Map<string, string>();
  for (const part of parts[kind]) {
    for (const file of await filesIn(join(templates, part)))
      files.set(file, await readFile(join(templates, part, file), 'utf8'));
  }
  files.set('package.json', packageJson(answers, version));
  files.set('README.md', readme(answers));
  const license = licenseText(answers.license, `the authors of ${packageName}`, new Date().getFullYear());
  if (license !== undefined) files.set('LICENSE', license);
  const pascal = name.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
  for (const [file, text] of files) {
    // npm leaves files named .gitignore out of packages.
    const path = join(folder, dirname(file), basename(file).replace(/^_/, '.'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      text.replaceAll('__name__', name).replaceAll('__Name__', pascal).replaceAll('__package__', packageName),
      { flag: 'wx' },
    );
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

async function ownVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
