import { isIP } from 'node:net';
import { namedFormat } from '@sluice/config';
import { SluiceError } from '@sluice/plugin-api';
import { defaultListen, defaultPort, isPreset, presets, type Preset } from './presets.js';
import { Questions } from './questions.js';

/** What the command line says. */
export interface InitOptions {
  readonly preset?: string;
  readonly listen?: string;
  readonly port?: string;
  readonly users?: readonly string[];
  /** The site that fake TLS claims to lead to; "" for none. */
  readonly domain?: string;
  /** By which clients reach this machine. */
  readonly server?: string;
  readonly format?: string;
  readonly output?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  /** False with `--no-editor`. */
  readonly editor?: boolean;
}

export interface Answers {
  readonly preset: Preset;
  readonly listen: string;
  readonly port: number;
  readonly users: readonly string[];
  readonly domain: string;
  /** By which clients reach this machine; "" if nobody said. */
  readonly server: string;
  readonly output: string;
}

const MAX_USERS = 1000;

/**
 * What is wanted, by the command line; what it leaves open is asked for at a terminal, or has its default.
 * @throws SluiceError E_CONFIG_INVALID @throws Unanswered
 */
export async function answersTo(options: InitOptions): Promise<Answers> {
  const isAsked = process.stdin.isTTY && options.yes !== true;
  if (!isAsked && options.preset === undefined && options.yes !== true) {
    throw new SluiceError('E_CONFIG_INVALID', `nobody can be asked here: say --preset (${names()}), or --yes`);
  }
  const questions = isAsked ? new Questions(process.stdin, process.stderr) : undefined;
  const answer = async (
    given: string | undefined,
    question: string,
    byDefault: string,
    problem: (value: string) => string | undefined,
  ): Promise<string> => {
    if (given === undefined && questions !== undefined) return questions.ask(question, byDefault, problem);
    const value = given ?? byDefault;
    const found = problem(value);
    if (found !== undefined) throw new SluiceError('E_CONFIG_INVALID', found);
    return value;
  };
  try {
    if (options.preset === undefined && isAsked) {
      for (const [name, what] of Object.entries(presets)) process.stderr.write(`  ${name.padEnd(8)} ${what}\n`);
    }
    const preset = (await answer(options.preset, 'What is it to be?', 'mtproto', presetProblem)) as Preset;
    const listen = await answer(options.listen, 'IP address to listen on', defaultListen(preset), listenProblem);
    const lastOffset = preset === 'local' ? 1 : 0;
    const port = await answer(options.port, 'Port', String(defaultPort(preset)), (value) =>
      portProblem(value, 65_535 - lastOffset),
    );
    const byDefault = preset === 'mtproto' ? 'me' : '';
    const users = await answer(options.users?.join(' '), 'Names of users', byDefault, usersProblem);
    const domain = preset === 'mtproto' ? await answer(options.domain, DOMAIN, '', () => undefined) : '';
    const server = preset === 'mtproto' ? await answer(options.server, SERVER, '', () => undefined) : '';
    const ending = `config.sluice.${options.format ?? 'jsonc'}`;
    const output = await answer(options.output, 'File', ending, (value) => fileProblem(value, options.format));
    return { preset, listen, port: Number(port), users: split(users), domain, server, output };
  } finally {
    questions?.close();
  }
}

const DOMAIN = 'Site that fake TLS should look like, empty for none';
const SERVER = 'Name or IP that users reach this machine by, empty if not known';

function names(): string {
  return Object.keys(presets).join(', ');
}

function presetProblem(value: string): string | undefined {
  return isPreset(value) ? undefined : `"${value}" is none of ${names()}`;
}

function listenProblem(value: string): string | undefined {
  return isIP(value) === 0 ? 'where to listen is an IP address, such as 127.0.0.1 or 0.0.0.0' : undefined;
}

function portProblem(value: string, last: number): string | undefined {
  const isPort = /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= last;
  return isPort ? undefined : `a port is a number from 1 to ${last}`;
}

function usersProblem(value: string): string | undefined {
  const users = split(value);
  if (users.length > MAX_USERS) return `that is more than ${MAX_USERS} users`;
  if (users.some((user) => user.length > 100 || /[\u0000-\u001f\u007f:]/.test(user)))
    return "users' names are of at most 100 characters, without colons";
  const twice = users.find((user, index) => users.indexOf(user) !== index);
  return twice === undefined ? undefined : `the user "${twice}" is named twice`;
}

function fileProblem(value: string, format: string | undefined): string | undefined {
  if (value === '') return 'a file has a name';
  return format === undefined && namedFormat(value) === undefined
    ? 'the format is not clear by that name: end it with .jsonc, .json, .yaml or .toml, or say --format'
    : undefined;
}

function split(users: string): readonly string[] {
  return users.split(/[\s,]+/).filter((user) => user !== '');
}
