import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess, startProcess, type PeerProcess, type RunResult } from './process.js';
import { temporaryFolder } from './temporary.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));

/** The command as people run it, from the build, with a time limit (milliseconds, default 30,000). */
export function sluice(
  args: readonly string[],
  options: { readonly timeout?: number; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<RunResult> {
  return runProcess(process.execPath, [program, ...args], options);
}

/** `sluice run`, and the file that it was given. */
export interface SluiceProcess extends PeerProcess {
  readonly configFile: string;
}

/** Starts `sluice run` on a configuration and waits until its ports take connections. */
export async function startSluice(
  config: unknown,
  ports: readonly number[],
  options: { readonly args?: readonly string[]; readonly openFiles?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<SluiceProcess> {
  const folder = await temporaryFolder('sluice');
  try {
    const file = join(folder.path, 'config.json');
    await writeFile(file, JSON.stringify(config));
    const command = [process.execPath, program, 'run', '-c', file, ...(options.args ?? [])];
    const { openFiles, env = {} } = options;
    const ready = { ready: ports.map((port) => ({ host: '127.0.0.1', port })), env };
    const peer =
      openFiles === undefined
        ? await startProcess(process.execPath, command.slice(1), ready)
        : await startProcess('sh', ['-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command], ready);
    return {
      ...peer,
      // Getters do not survive the spread.
      pid: peer.pid,
      configFile: file,
      async close() {
        await peer.close();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
