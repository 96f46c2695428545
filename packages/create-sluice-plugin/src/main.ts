#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { answersTo, kinds, Refusal } from './answers.js';
import { licenses } from './license.js';
import { scaffold } from './scaffold.js';

const USAGE = `npm create sluice-plugin NAME -- [options]

Starts a plugin for Sluice in the folder NAME.

  --kind NAME      ${Object.keys(kinds).join(', ')}
  --license NAME   ${licenses.join(', ')} (default: ${licenses[0]})
  --folder PATH    where to, if not to NAME
  --help           this
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kind: { type: 'string' },
      license: { type: 'string' },
      folder: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) process.stdout.write(USAGE);
  else {
    if (positionals.length > 1) throw new Refusal(`one name at a time: "${positionals.join('", "')}"`);
    const answers = await answersTo({ ...values, name: positionals[0] });
    await scaffold(answers);
    const steps = [`cd ${answers.folder}`, 'npm install', 'npm test', 'npx sluice check example.jsonc'];
    process.stdout.write(`${answers.folder}: written. Go on with\n\n${steps.map((step) => `  ${step}\n`).join('')}`);
  }
} catch (error) {
  // Whoever typed something wrong needs no stack trace; anything else is a fault of ours.
  const isTheirs = error instanceof Refusal || (error instanceof Error && 'code' in error);
  process.stderr.write(`create-sluice-plugin: ${isTheirs ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
