#!/usr/bin/env node
/** `npm run build`: compiles what has changed. */
import { exit } from 'node:process';
import { build } from './workspace.mjs';

if (!build()) exit(1);
