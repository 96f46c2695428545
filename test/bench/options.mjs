import { parseArgs } from 'node:util';
import { SUBJECTS } from './subjects.mjs';
import { WORKS } from './works/index.mjs';

export const USAGE = `npm run bench -- [options]

  --quick             shorter windows and fewer rounds: about four minutes
  --only NAME,…       these works only: ${WORKS.map(({ name }) => name).join(', ')}
  --rounds N          so many rounds of each work
  --subjects NAME,…   these only: ${Object.keys(SUBJECTS).join(', ')}
  --out FILE          where the JSON goes (bench-results.json)
  --assert            exit 1 when a target is missed
  --help
`;

/** The command line was not understood. */
export class UsageError extends Error {}

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {import('./works/work.mjs').Work[]} works
 * @property {number | undefined} rounds
 * @property {import('./subjects.mjs').Subject[]} subjects
 * @property {string} out
 * @property {boolean} assert
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @returns {Options}
 */
export function readOptions(args) {
  const values = parse(args);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new UsageError(`--rounds must be a whole number from 1 on, not "${values.rounds}"`);
  }
  return {
    quick: values.quick ?? false,
    works: chosen('--only', values.only, WORKS),
    rounds,
    subjects: chosen('--subjects', values.subjects, Object.values(SUBJECTS)),
    out: values.out ?? 'bench-results.json',
    assert: values.assert ?? false,
    help: values.help ?? false,
  };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string' },
        rounds: { type: 'string' },
        subjects: { type: 'string' },
        out: { type: 'string' },
        assert: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/**
 * @template {{name: string}} T
 * @param {string} option
 * @param {string | undefined} names separated by commas
 * @param {T[]} all
 * @returns {T[]}
 */
function chosen(option, names, all) {
  if (names === undefined) return all;
  const wanted = names.split(',').map((name) => name.trim());
  for (const name of wanted) {
    if (!all.some((one) => one.name === name)) {
      throw new UsageError(`${option}: "${name}" is not one of ${all.map((one) => one.name).join(', ')}`);
    }
  }
  return all.filter(({ name }) => wanted.includes(name));
}
