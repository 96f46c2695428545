import { formatEndpoint, toSluiceError } from '@sluice/plugin-api';
import type { Format } from '@sluice/config';
import type { Instance } from '@sluice/core';
import { loadConfigFiles } from '../config-files.js';
import { countDiagnostics, reportDiagnostics, reportError } from '../report.js';
import { defaultControlPath, openControlSocket } from '../running/control-socket.js';
import { watchFiles } from '../running/file-watch.js';
import { notifySystemd } from '../running/notify.js';
import { RunningCore } from '../running/running-core.js';
import { version } from '../version.js';

export interface RunOptions {
  readonly config: readonly string[];
  readonly test?: boolean;
  readonly format?: Format;
  readonly strict?: boolean;
  readonly plugin?: readonly string[];
  readonly watch?: boolean;
  readonly control?: string;
}

/** `sluice run`: starts an instance and stays until a signal ends it. @returns the exit code */
export async function run(options: RunOptions): Promise<number> {
  const loading = { strict: options.strict ?? false, pluginNames: options.plugin ?? [], format: options.format };
  const loaded = await loadConfigFiles(options.config, loading);
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
  const core = new RunningCore({ config: loaded.config, plugins: loaded.plugins }, options.config, loading);
  const { instance } = core;
  // A fault in one connection's handling must not end all the others.
  process.on('uncaughtException', (error) => reportError(toSluiceError(error)));
  process.on('unhandledRejection', (reason) => reportError(toSluiceError(reason)));
  const stopped = waitForStop(instance);
  const starting = instance.start();
  // Unheard, these signals would end the process; what they ask for can be done once it has started.
  const onceStarted = (act: () => void) => (): void => void starting.then(act, () => undefined);
  process.on(
    'SIGHUP',
    onceStarted(() => core.reloadQuietly()),
  );
  process.on(
    'SIGUSR2',
    onceStarted(() => core.reopenLogs()),
  );
  const endings: (() => void | Promise<void>)[] = [];
  try {
    await starting;
    const control = options.control ?? defaultControlPath;
    if (control !== undefined) endings.push(await openControlSocket(control, () => core.reload()));
  } catch (error) {
    reportError(error);
    await instance.close({ drainMs: 0 });
    return 1;
  }
  if (options.watch === true) endings.push(watchFiles(options.config, () => core.reloadQuietly()));
  announce(instance);
  notifySystemd('--ready', `--status=sluice ${version}`);
  // Without an inbound nothing else would hold the process.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  const code = await stopped;
  clearInterval(alive);
  for (const end of endings) await end();
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
        notifySystemd('STOPPING=1');
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
  for (const line of instance.announcements) lines.push(`  ${line}`);
  const sinceStart = Math.round(performance.now());
  lines.push(`Ready after ${sinceStart} ms. Ctrl-C stops it.`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
