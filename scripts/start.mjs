#!/usr/bin/env node
/**
 * `npm start [-- arguments of sluice run]`: installs and builds what is missing, then runs Sluice, with the quickstart
 * configuration unless another is named. Sluice runs in this very process: its signals and exit code are ours.
 */
import { argv, exit } from 'node:process';
import { build, install, root } from './workspace.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const given = argv.slice(2);
const namesConfig = given.some((argument) => /^(-c|--?config)(=|$)|^-c./.test(argument));

install();
if (!build()) exit(1);

const program = join(root, 'packages/cli/bin/sluice.js');
const config = namesConfig ? [] : ['-c', join(root, 'configs/quickstart.jsonc')];
process.argv = [argv[0], program, 'run', ...config, ...given];
await import(pathToFileURL(program).href);
