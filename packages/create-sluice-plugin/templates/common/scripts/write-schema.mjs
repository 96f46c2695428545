#!/usr/bin/env node
/** Writes schema.json, by which editors know the plugin without running it. */
import { writeFileSync } from 'node:fs';
import { schemaFileOf } from '@sluice/plugin-api';
import plugin from '../dist/index.js';

const file = new URL('../schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(schemaFileOf(plugin), null, 2)}\n`);
