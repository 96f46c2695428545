import { formatEndpoint, toSluiceError } from '@sluice/plugin-api';
import { Instance } from '@sluice/core';
import { loadConfigFiles, plugins } from '../config-files.js';
import { countDiagnostics, reportDiagnostics, reportError } from '../report.js';
import { version } from '../version.js';

export interface RunOptions {
  readonly config: readonly string[];
  readonly test?: boolean;
  readonly strict?: boolean;
}

/** `sluice run`: starts an instance and stays until a signal ends it. @returns the exit code */
export async function run(options: RunOptions): Promise<number> {
  const loaded = await loadConfigFiles(options.config, { strict: options.strict ?? false });
  reportDiagnostics(loaded.diagnostics, loaded.sources);
  if (loaded.config === undefined) {
    process.stderr.write(
      `sluice: the configuration is refused (${countDiagnostics(loaded.diagnostics)}); nothing was started\n`,
    );
    return 1;
  }
  if (options.test === true) {
    process.stdout.write('Configuration OK.\n');
    return 0;
  }
  const instance = new Instance(loaded.config, { plugins });
  // A fault in one connection's handling must not end all the others.
  process.on('uncaughtException', (error) => reportError(toSluiceError(error)));
  process.on('unhandledRejection', (reason) => reportError(toSluiceError(reason)));
  const stopped = waitForStop(instance);
  try {
    await instance.start();
  } catch (error) {
    reportError(error);
    return 1;
  }
  announce(instance);
  // Without an inbound nothing else would hold the process.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  const code = await stopped;
  clearInterval(alive);
  return code;
}

// npm passes on the Ctrl-C that the terminal has already sent to everyone: so soon after, it is the same one.
const SAME_SIGNAL_MS = 500;

/** The longest interval there is. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

/** The first signal drains and closes, a second one closes at once. */
function waitForStop(instance: Instance): Promise<number> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = (): void => {
      const now = performance.now();
      if (askedAt === undefined) {
        askedAt = now;
        void instance.close().then(() => resolve(0));
      } else if (now - askedAt > SAME_SIGNAL_MS) {
        void instance.close({ drainMs: 0 });
      }
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function announce(instance: Instance): void {
  const lines = [`sluice ${version} is running`];
  for (const { tag, protocol, listening, announcements } of instance.inbounds) {
    const where = listening.map(({ network, endpoint }) => `${network} ${formatEndpoint(endpoint)}`).join(', ');
    lines.push(`  ${tag} (${protocol}) on ${where}`);
    for (const line of announcements) lines.push(`    ${line}`);
  }
  const sinceStart = Math.round(performance.now());
  lines.push(`Ready after ${sinceStart} ms. Ctrl-C stops it.`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
