import { once } from 'node:events';
import { readSync } from 'node:fs';
import net from 'node:net';
import { describeAnswer } from './tls-answer.js';

/** One step of a probe; each starts when the one before is done. */
export type Step =
  | { readonly send: Uint8Array | string }
  /** A write for each byte, each once the one before is with the kernel. */
  | { readonly trickle: Uint8Array }
  /** Until bytes have come since the last step of this kind, or the other side is done. */
  | 'answer'
  /** Until the other side has ended or reset. */
  | 'their end'
  /** After their end: writes on until that has brought a reset. */
  | 'their reset'
  /** Half-close. */
  | 'end'
  | 'reset';

export interface Probe {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What a prober sees, for people to read and for `toEqual`. */
export interface Transcript {
  readonly seen: readonly string[];
  /** From the last step to the end, in milliseconds. */
  readonly lasted: number;
  /** All bytes as they came. */
  readonly bytes: Buffer;
}

/** Up to here, in milliseconds, an end counts as one at once; `patience` in milliseconds says what the server waits. */
export interface Clock {
  readonly patience: number;
}

/** No probe takes longer, in milliseconds. */
const limit = 30_000;

/** Connects, does what the probe says, and writes down what comes back and how it ends. Never rejects. */
export async function runProbe(probe: Probe, target: Target, { patience }: Clock): Promise<Transcript> {
  const socket = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
  const watched = new Watched(socket);
  const seen: string[] = [];
  const tell = (): void => void seen.push(...describeAnswer(watched.take()));
  let lastStep = performance.now();
  try {
    await Promise.race([once(socket, 'connect'), watched.over]);
    for (const step of probe.steps) {
      lastStep = performance.now();
      if (step === 'answer') {
        await watched.answer();
        tell();
        seen.push('- then -');
      } else await take(step, socket, watched);
    }
    await watched.over;
  } catch (error) {
    seen.push(`the prober failed: ${String(error)}`);
  }
  const lasted = performance.now() - lastStep;
  tell();
  // Who is slow to end is as slow as the server's patience; half of it divides the two on every machine.
  if (probe.steps.includes('reset')) seen.push('reset by us');
  else seen.push(`${watched.how} ${lasted < patience / 2 ? 'at once' : 'after a time'}`);
  socket.destroy();
  return { seen, lasted, bytes: watched.all() };
}

async function take(step: Exclude<Step, 'answer'>, socket: net.Socket, watched: Watched): Promise<void> {
  if (step === 'their end') await watched.over;
  else if (step === 'their reset') await watched.resetAfterEnd();
  else if (step === 'end') socket.end();
  else if (step === 'reset') socket.resetAndDestroy();
  else if ('send' in step) await written(socket, watched, step.send);
  else for (const byte of step.trickle) await written(socket, watched, Buffer.of(byte));
}

/** Also done when the connection is gone and nothing can be written any more. */
async function written(socket: net.Socket, watched: Watched, bytes: Uint8Array | string): Promise<void> {
  const sent = new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  await Promise.race([sent, watched.closed]);
}

/** What a socket has received and how it ended. */
class Watched {
  how = 'open still';
  /** The other side has ended, by FIN or RST, or the time is up. */
  readonly over: Promise<void>;
  /** The socket is gone. */
  readonly closed: Promise<void>;
  readonly #socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  #taken = 0;
  #length = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake?.();
    });
    this.over = new Promise((resolve) => {
      const end = (how: string): void => {
        if (this.#isOver) return;
        clearTimeout(timer);
        this.#isOver = true;
        this.how = how;
        this.#wake?.();
        resolve();
      };
      const timer = setTimeout(end, limit, 'open still');
      socket.once('end', () => end(wasReset(socket) ? 'RST' : 'FIN'));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        const how = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'RST' : (error.code ?? error.message);
        if (this.#isOver) this.how += `, then ${how}`;
        end(how);
      });
      socket.once('close', () => end('closed'));
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#socket = socket;
  }

  async answer(): Promise<void> {
    while (this.#length === this.#taken && !this.#isOver) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** After an end the kernel tells of a reset only who writes. */
  async resetAfterEnd(): Promise<void> {
    const deadline = performance.now() + limit;
    while (!this.#socket.destroyed && performance.now() < deadline) {
      this.#socket.write(' ');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What came since the last call. */
  take(): Buffer {
    const bytes = this.all().subarray(this.#taken);
    this.#taken = this.#length;
    return bytes;
  }

  all(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Where bytes and a reset come together, Node reports an end in order; the kernel still knows better. */
function wasReset(socket: net.Socket): boolean {
  const fd = (socket as unknown as { _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
  if (fd < 0) return false;
  try {
    readSync(fd, Buffer.alloc(1));
    return false;
  } catch {
    return true;
  }
}
