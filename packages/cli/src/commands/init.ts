import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { convertText, loadTexts, namedFormat, prepareFormats, type Format } from '@sluice/config';
import { SluiceError, type CommandInvocation } from '@sluice/plugin-api';
import { builtInPlugins } from '../built-in-plugins.js';
import { plugins } from '../config-files.js';
import { answersTo, type Answers, type InitOptions } from '../init/answers.js';
import { withAssociation } from '../init/editor-settings.js';
import { makeConfig, type Account } from '../init/presets.js';
import { Unanswered } from '../init/questions.js';
import { reportDiagnostics } from '../report.js';
import { schemaReference } from '../shipped-schema.js';
import { loadCommandConfig } from './plugin-command.js';

/**
 * `sluice init`: writes a first configuration, with new secrets, and what editors need for it. Only its owner can read
 * the file. @returns 130 if whoever was asked left, and nothing was written
 * @throws SluiceError E_CONFIG_INVALID if something cannot be made as wanted, or a file is there and not to be replaced
 */
export async function init(options: InitOptions): Promise<number> {
  let answers: Answers;
  try {
    answers = await answersTo(options);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    process.stderr.write('\nsluice: nothing was written\n');
    return 130;
  }
  const file = resolve(answers.output);
  const format = (options.format as Format | undefined) ?? namedFormat(file) ?? 'jsonc';
  const { domain, ...wanted } = answers;
  const makeSecret = (): Promise<string> => secretFor(domain);
  const schema = schemaReference(dirname(file));
  const { text: jsonc, accounts } = await makeConfig({ ...wanted, makeSecret }, schema);
  const text = await inFormat(jsonc, format, schema);
  await prepareFormats([{ file, format }]);
  const { diagnostics, sources } = loadTexts([{ file, text, format }], { plugins, strict: true });
  const faults = diagnostics.filter(({ severity }) => severity === 'error');
  if (faults.length > 0) {
    reportDiagnostics(faults, sources);
    return 1;
  }
  await writePrivately(file, text, options.force === true);
  say(`${answers.output}: written; it holds secrets, and only you can read it`);
  if (options.editor !== false) await tellEditor(file, format);
  const isNamed = namedFormat(file) === format;
  await tellUsers(answers, file, isNamed, accounts);
  const quoted = /^[\w./-]+$/.test(answers.output) ? answers.output : `'${answers.output.replaceAll("'", "'\\''")}'`;
  say(`start it:  sluice run -c ${quoted}${isNamed ? '' : ` --format ${format}`}`);
  return 0;
}

async function inFormat(jsonc: string, format: Format, schema: string): Promise<string> {
  if (format === 'jsonc') return jsonc;
  const { text = '' } = await convertText({ file: 'init.jsonc', text: jsonc, format: 'jsonc' }, format, { plugins });
  if (format === 'yaml') return `# yaml-language-server: $schema=${schema}\n${text}`;
  return format === 'toml' ? `#:schema ${schema}\n${text}` : text;
}

/** The file is its owner's alone before anything is in it, also where another one was. */
async function writePrivately(file: string, text: string, force: boolean): Promise<void> {
  await attempt(`${file} cannot be written (--force takes the place of a file that is there)`, async () => {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, force ? 'w' : 'wx', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  });
}

/** VS Code knows by its settings what a file is edited by; TOML has no such setting, and says so itself. */
async function tellEditor(file: string, format: Format): Promise<void> {
  if (format === 'toml') return;
  const isHere = !relative(process.cwd(), file).startsWith('..');
  const workspace = isHere ? process.cwd() : dirname(file);
  const settings = join(workspace, '.vscode/settings.json');
  const shown = isHere ? relative(workspace, settings) : settings;
  const before = await readFile(settings, 'utf8').catch((error: unknown) => {
    const code = codeOf(error);
    if (code === 'ENOENT') return '';
    throw new SluiceError('E_CONFIG_INVALID', `${shown} cannot be read: ${code}`);
  });
  const association = {
    language: format === 'yaml' ? 'yaml' : 'json',
    file: isHere ? relative(workspace, file).split(sep).join('/') : basename(file),
    schema: schemaReference(workspace),
  } as const;
  const after = withAssociation(before, association);
  if (after === undefined) {
    say(`${shown}: left as it is, because it cannot be added to`);
    return;
  }
  if (after === before) return;
  await attempt(`${shown} cannot be written`, async () => {
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(settings, after);
  });
  say(`${shown}: says what ${association.file} is edited by`);
}

async function tellUsers(
  answers: Answers,
  file: string,
  isNamed: boolean,
  accounts: readonly Account[],
): Promise<void> {
  for (const { user, pass } of accounts) say(`user ${user}, password ${pass}`);
  // Of a file whose name does not say its format, links are to be had later.
  if (answers.preset !== 'mtproto' || !isNamed) return;
  const { server } = answers;
  await mtprotoCommand('link', { config: [file], ...(server === '' ? {} : { server }) }, say);
}

async function secretFor(domain: string): Promise<string> {
  const lines: string[] = [];
  await mtprotoCommand('secret', domain === '' ? {} : { tls: domain }, (line) => void lines.push(line));
  return lines.join('');
}

async function mtprotoCommand(
  name: string,
  options: CommandInvocation['options'],
  print: (line: string) => void,
): Promise<void> {
  const commands = builtInPlugins.find((plugin) => plugin.name === 'mtproto')?.commands ?? [];
  const command = commands.find((each) => each.name === name);
  await command?.run({ args: [], options, print, isTerminal: false, loadConfig: loadCommandConfig });
}

async function attempt(what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new SluiceError('E_CONFIG_INVALID', `${what}: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
