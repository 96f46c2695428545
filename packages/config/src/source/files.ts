import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { namedFormat } from './format.js';

/** V2Ray's name for the standard input. */
const STDIN = 'stdin:';

/** Far more than any configuration has. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** The standard input can be read once; a reload reads what it was. */
let input: Promise<string> | undefined;

/**
 * The files of a path: itself, or of a folder all that its names tell to be configurations, by name.
 * @throws an error with the reason as its `code`
 */
export async function filesOf(path: string): Promise<string[]> {
  if (path === STDIN || !(await isFolder(path))) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && namedFormat(entry.name) !== undefined);
  const files = names.map(({ name }) => name).sort(byCodeUnits);
  if (files.length === 0) throw Object.assign(new RangeError(), { code: 'no configuration is in this folder' });
  return files.map((name) => join(path, name));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

/** As V2Ray orders them, whatever the language. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Not more than a limit, as `/dev/zero` would fill the memory. @throws an error with the reason as its `code` */
export function readText(file: string): Promise<string> {
  return file === STDIN ? (input ??= collect(process.stdin)) : collect(createReadStream(file));
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) throw Object.assign(new RangeError(), { code: 'it is larger than 32 MiB' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
