import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { findBinary } from './debian.js';

export interface PeerProcess {
  readonly pid: number;
  /** What it has written to stdout and stderr: the last 64 KiB. */
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Ends it and waits until it is gone. May be called again. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Loopback endpoints that take connections once the program is ready. */
  readonly ready: readonly { readonly host: string; readonly port: number }[];
  /** Milliseconds until it must be ready; default 15,000. */
  readonly timeout?: number;
}

const outputLimit = 64 * 1024;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server and waits until it takes connections. Rejects with its output when it ends or is late. */
export async function startProcess(
  binary: string,
  args: readonly string[],
  options: StartOptions,
): Promise<PeerProcess> {
  const path = findBinary(binary);
  if (path === undefined) throw new Error(`${binary} is not installed`);
  const child = spawn(path, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const peer = watch(child);
  try {
    await once(child, 'spawn');
    const deadline = Date.now() + (options.timeout ?? 15_000);
    for (const { host, port } of options.ready) {
      while (!(await canConnect(host, port))) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${binary} ended:\n${peer.output()}`);
        if (Date.now() > deadline) throw new Error(`${binary} does not listen on ${port}:\n${peer.output()}`);
      }
    }
  } catch (error) {
    await peer.close();
    throw error;
  }
  return peer;
}

function watch(child: ChildProcess): PeerProcess {
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-outputLimit)));
  }
  const exited = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  void exited.then(() => running.delete(child));
  return {
    get pid() {
      return child.pid ?? -1;
    },
    output: () => output,
    exited,
    async close() {
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(impatience);
    },
  };
}

/** One attempt; a refused one is answered some milliseconds later, so that callers may simply try again. */
function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setTimeout(resolve, 20, false));
  });
}

/** Waits until something takes connections on this port, for at most 15 seconds. */
export async function untilListening(port: number, host = '127.0.0.1'): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await canConnect(host, port))) if (Date.now() > deadline) throw new Error(`nothing listens on ${port}`);
}

/**
 * A port that was free a moment ago, for programs that cannot choose one themselves. It is below those that the kernel
 * gives to outgoing connections, so that none of them takes it meanwhile.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(10_240, 32_768);
    const server = createServer().listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      if (tries === 50) throw error;
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

export interface RunResult {
  /** Exit code; null when a signal (the time limit's, too) ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as bytes. */
  readonly body: Buffer;
}

/** Runs a program to its end, with a time limit in milliseconds (default 30,000). */
export async function runProcess(
  binary: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly input?: string | Uint8Array;
    readonly timeout?: number;
  } = {},
): Promise<RunResult> {
  const path = findBinary(binary);
  if (path === undefined) throw new Error(`${binary} is not installed`);
  const { cwd, env, input } = options;
  const child = spawn(path, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  running.add(child);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program that ends before it has read its input is judged by its exit code, not by the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const limit = options.timeout ?? 30_000;
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), limit),
    setTimeout(() => child.kill('SIGKILL'), limit + 3_000),
  ];
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    const body = Buffer.concat(stdout);
    return { code, stdout: body.toString(), stderr: Buffer.concat(stderr).toString(), body };
  } finally {
    timers.forEach(clearTimeout);
    running.delete(child);
  }
}
