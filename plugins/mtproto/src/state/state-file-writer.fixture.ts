/**
 * A program that writes states to a file until it is killed: `node writer.js FILE [STEP]`. Each is
 * numbered; its number is printed before (`>n`) and once it is safe (`=n`). With STEP it kills
 * itself before that file operation of its first write, counted from 0; a write that has fewer ends it.
 */
import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { StateFile } from './state-file.js';

/** A state's number, and so many bytes that say it again. */
export function numbered(n: number): Buffer {
  const state = Buffer.alloc(4 + ((n * 7919) % 600_000), n & 0xff);
  state.writeUInt32BE(n);
  return state;
}

type Operations = Record<string, (...args: unknown[]) => unknown>;

/** Calls back before every file operation that a write may consist of. */
async function watchOperations(path: string, before: (name: string) => void): Promise<void> {
  const handle = await fs.open(path, 'a');
  await handle.close();
  const watch = (owner: Operations, names: readonly string[]): void => {
    for (const name of names) {
      const original = owner[name]!;
      owner[name] = function (this: unknown, ...args) {
        before(name);
        return original.apply(this, args);
      };
    }
  };
  watch(Object.getPrototypeOf(handle) as Operations, [
    'appendFile',
    'writeFile',
    'write',
    'writev',
    'sync',
    'datasync',
  ]);
  watch(fs as unknown as Operations, ['mkdir', 'open', 'rename', 'rm', 'unlink', 'writeFile']);
  syncBuiltinESMExports();
}

async function main(path: string, step: string | undefined): Promise<void> {
  const file = new StateFile(path, {
    kind: 'killed',
    version: 1,
    logger: { warn: (line) => void writeSync(2, `${line}\n`) },
  });
  let n = (await file.read())?.readUInt32BE() ?? 0;
  if (step !== undefined) {
    let left = Number(step);
    await watchOperations(`${path}.other`, (name) => {
      if (left === 0) {
        writeSync(1, `!${name}\n`);
        process.kill(process.pid, 'SIGKILL');
      }
      left -= 1;
    });
  }
  do {
    n += 1;
    writeSync(1, `>${n}\n`);
    await file.write(numbered(n));
    writeSync(1, `=${n}\n`);
  } while (step === undefined);
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('writer.mjs') === true) {
  await main(process.argv[2], process.argv[3]);
}
