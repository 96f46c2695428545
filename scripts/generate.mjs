#!/usr/bin/env node
/** `npm run generate`: makes what is made from the sources and checked in, from what was built. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exit } from 'node:process';
import { pathToFileURL } from 'node:url';
import { apiReport, reportPath } from './reference/api-report.mjs';
import { generatedFiles, generatedFolders } from './reference/generated-files.mjs';
import { guidePath, withFiles } from './reference/guide.mjs';
import { build, root } from './workspace.mjs';

if (!build()) exit(1);
const built = (path) => import(pathToFileURL(join(root, path)).href);
const config = await built('packages/config/dist/index.js');
const { plugins } = await built('packages/cli/dist/config-files.js');
const { version } = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8'));
const files = await generatedFiles({ config, plugins, version });
for (const folder of generatedFolders) rmSync(join(root, folder), { recursive: true, force: true });
for (const [path, text] of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
mkdirSync(dirname(join(root, reportPath)), { recursive: true });
writeFileSync(join(root, reportPath), apiReport(root).report);
const read = (path) => readFileSync(join(root, path), 'utf8');
writeFileSync(join(root, guidePath), withFiles(read(guidePath), read));
