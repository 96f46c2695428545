import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const generator = fileURLToPath(new URL('flood-generator.mjs', import.meta.url));

export interface FloodTarget {
  readonly host: string;
  readonly port: number;
}

/** What became of a flood's connections. */
export interface FloodCounts {
  readonly connected: number;
  readonly refused: number;
  /** By the other side, or in the end by us. */
  readonly ended: number;
  readonly open: number;
  readonly bytesBack: number;
}

/** Connections by the thousand, from several processes, each with a source address and so with ephemeral ports of its own. */
export class Flood {
  readonly #children: ChildProcess[];

  constructor(firstSource: number, processes = 2) {
    this.#children = Array.from({ length: processes }, (_, i) =>
      fork(generator, [], { execArgv: [], env: { ...process.env, SOURCE: `127.0.0.${firstSource + i}` } }),
    );
  }

  /** Opens so many more, silent or with nonsense in them. */
  pour(target: FloodTarget, count: number, kind: 'silence' | 'garbage'): Promise<FloodCounts> {
    return this.#ask({ ask: 'flood', target, kind, count: Math.ceil(count / this.#children.length) });
  }

  counts(): Promise<FloodCounts> {
    return this.#ask({ ask: 'counts' });
  }

  /** Closes all that are open. */
  letGo(): Promise<FloodCounts> {
    return this.#ask({ ask: 'let go' });
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }

  async #ask(message: object): Promise<FloodCounts> {
    const answers = await Promise.all(
      this.#children.map(async (child) => {
        const answered = once(child, 'message') as Promise<[FloodCounts]>;
        child.send(message);
        return (await answered)[0];
      }),
    );
    const sum = (of: keyof FloodCounts): number => answers.reduce((total, counts) => total + counts[of], 0);
    return {
      connected: sum('connected'),
      refused: sum('refused'),
      ended: sum('ended'),
      open: sum('open'),
      bytesBack: sum('bytesBack'),
    };
  }
}

/** Memory of a process in MiB: now, and the most it ever had. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: mib('VmRSS'), peak: mib('VmHWM') };
}

/** How many sockets a process has open. */
export function socketsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
