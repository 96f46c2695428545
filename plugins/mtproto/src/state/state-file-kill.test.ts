import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemoryLogger } from '@sluice/testing';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { numbered } from './state-file-writer.fixture.js';
import { StateFile } from './state-file.js';

let programs: string;
let program: string;
let folder: string;
let path: string;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'sluice-state-writer-'));
  program = join(programs, 'writer.mjs');
  const bundle = await rolldown({
    input: fileURLToPath(new URL('state-file-writer.fixture.ts', import.meta.url)),
    platform: 'node',
    resolve: {
      conditionNames: ['sluice:source', 'import', 'node', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    logLevel: 'silent',
  });
  await bundle.write({ file: program, format: 'esm' });
  await bundle.close();
});
afterAll(() => rm(programs, { recursive: true, force: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-state-'));
  path = join(folder, 'state');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Writer {
  /** What it has printed so far. */
  lines(): string[];
  /** Resolves with what it was ended by. */
  readonly gone: Promise<string | number>;
  kill(): void;
  /** Resolves once what it has printed will do. */
  until(printed: (lines: readonly string[]) => boolean): Promise<void>;
}

function startWriter(...args: string[]): Writer {
  const child = spawn(process.execPath, [program, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const lines = (): string[] => output.split('\n').slice(0, -1);
  const gone = once(child, 'close').then(([code, signal]) => (signal ?? code) as string | number);
  return {
    lines,
    gone,
    kill: () => void child.kill('SIGKILL'),
    async until(printed) {
      while (!printed(lines())) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the writer ended: ${output}`);
        await Promise.race([once(child.stdout, 'data'), gone]);
      }
    },
  };
}

/** The last number that was printed behind this sign. */
function last(lines: readonly string[], sign: string): number {
  return Number(lines.findLast((line) => line.startsWith(sign))?.slice(1) ?? 0);
}

/** Resolves when a write has begun. */
async function temporaryFile(): Promise<void> {
  const watcher = watch(folder);
  try {
    for await (const [, name] of on(watcher, 'change') as AsyncIterable<[string, string]>) {
      if (name.endsWith('.tmp')) return;
    }
  } finally {
    watcher.close();
  }
}

async function leftovers(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.tmp'));
}

function stateFile(logger = new MemoryLogger()): StateFile {
  return new StateFile(path, { kind: 'killed', version: 1, logger });
}

/** The state's number, once it is sure that all of it is there and nothing was found wrong. */
async function stateNow(): Promise<number> {
  const logger = new MemoryLogger();
  const state = await stateFile(logger).read();
  expect(logger.lines).toEqual([]);
  if (state === undefined) return 0;
  const n = state.readUInt32BE();
  expect(state.equals(numbered(n))).toBe(true);
  return n;
}

describe('StateFile under SIGKILL', () => {
  it('keeps the former state until the new one is there, before whichever operation the writer is killed', async () => {
    const former = startWriter('1000');
    expect(await former.gone).toBe(0);
    expect(await stateNow()).toBe(1);
    const operations: string[] = [];
    for (let step = 0; ; step += 1) {
      const writer = startWriter(String(step));
      const end = await writer.gone;
      if (end === 0) break;
      expect(end).toBe('SIGKILL');
      const operation = writer.lines().at(-1)!;
      // What is renamed is there for good, and nothing else may have touched the former one.
      expect(await stateNow()).toBe(operations.includes('!rename') ? 2 : 1);
      expect(await leftovers()).toEqual([]);
      if (operations.includes('!rename')) await stateFile().write(numbered(1));
      operations.push(operation);
    }
    // The state is on the disk before it takes the former one's place, and its place is once it has.
    const write = ['!open', '!writeFile', '!writeFile', '!writeFile', '!sync', '!rename'];
    expect(operations).toEqual([...write, '!open', '!sync']);
  }, 60_000);

  it('loses no state that was safe, killed at any moment, again and again', async () => {
    let before = 0;
    let cutOff = 0;
    for (let round = 0; round < 25; round += 1) {
      const writer = startWriter();
      const writes = 1 + (round % 4);
      await writer.until((lines) => lines.length >= 2 * writes);
      await temporaryFile();
      for (let turns = round * 3; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      writer.kill();
      expect(await writer.gone).toBe('SIGKILL');
      cutOff += (await leftovers()).length;
      const now = await stateNow();
      expect(last(writer.lines(), '=')).toBeGreaterThan(before);
      expect(now).toBeGreaterThanOrEqual(last(writer.lines(), '='));
      expect(now).toBeLessThanOrEqual(last(writer.lines(), '>'));
      expect(await leftovers()).toEqual([]);
      before = now;
    }
    // Else nobody was killed in the middle of a write, and nothing has been proven.
    expect(cutOff).toBeGreaterThan(0);
  }, 60_000);
});
