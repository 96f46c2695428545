import { createInterface } from 'node:readline';
import { isLicense, licenses, type License } from './license.js';

/** What can be made, and what each is. */
export const kinds = {
  protocol: 'an inbound and an outbound',
  transport: 'what other protocols are led through',
  rule: 'a routing rule type, and a condition of rules',
  service: 'something that runs with the core',
} as const;

export type Kind = keyof typeof kinds;

/** What the command line says. */
export interface Options {
  readonly name?: string | undefined;
  readonly kind?: string | undefined;
  readonly license?: string | undefined;
  readonly folder?: string | undefined;
}

export interface Answers {
  /** As configurations use it: "my-protocol". */
  readonly name: string;
  /** "sluice-plugin-my-protocol". */
  readonly packageName: string;
  readonly kind: Kind;
  readonly license: License;
  readonly folder: string;
}

/** Something cannot be made as it was asked for; the message says why. */
export class Refusal extends Error {}

const PREFIX = 'sluice-plugin-';

/** What is wanted; what is not said is asked for at a terminal. @throws Refusal */
export async function answersTo(options: Options): Promise<Answers> {
  const isAsked = process.stdin.isTTY && (options.name === undefined || options.kind === undefined);
  const ask = isAsked ? questioner() : undefined;
  const answer = async (given: string | undefined, question: string, byDefault: string): Promise<string> =>
    given ?? (await ask?.(question, byDefault)) ?? byDefault;
  const given = await answer(options.name, 'Name of the plugin', '');
  const name = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : given;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 60)
    throw new Refusal(
      given === ''
        ? 'say a name: npm create sluice-plugin NAME'
        : `"${given}" is no name: take lower-case letters and digits, with hyphens between them`,
    );
  const kind = await answer(options.kind, `Kind (${Object.keys(kinds).join(', ')})`, isAsked ? 'protocol' : '');
  if (!isKind(kind))
    throw new Refusal(`${kind === '' ? 'say --kind' : `"${kind}" is no kind`}: ${Object.keys(kinds).join(', ')}`);
  const license = await answer(options.license, `License (${licenses.join(', ')})`, licenses[0]);
  if (!isLicense(license)) throw new Refusal(`"${license}" is none of the licenses ${licenses.join(', ')}`);
  await ask?.();
  return { name, packageName: `${PREFIX}${name}`, kind, license, folder: options.folder ?? given };
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(kinds, name);
}

/** Asks at the terminal; without a question it stops listening. @throws Refusal when whoever is asked leaves */
function questioner(): (question?: string, byDefault?: string) => Promise<string | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  reader.once('SIGINT', () => reader.close());
  // Keeps lines that are typed ahead, and ends when the reader does.
  const lines = reader[Symbol.asyncIterator]();
  return async (question, byDefault = '') => {
    if (question === undefined) {
      reader.close();
      return undefined;
    }
    reader.setPrompt(`${question}${byDefault === '' ? '' : ` [${byDefault}]`}: `);
    reader.prompt();
    const next = await lines.next();
    if (next.done === true) throw new Refusal('nothing was written');
    return next.value.trim() === '' ? undefined : next.value.trim();
  };
}
