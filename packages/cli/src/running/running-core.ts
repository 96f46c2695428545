import { Instance, type SourcedConfig } from '@sluice/core';
import { SluiceError, toSluiceError, type ReloadReport } from '@sluice/plugin-api';
import { loadConfigFiles, type LoadingOptions } from '../config-files.js';
import { countDiagnostics, reportDiagnostics } from '../report.js';
import { notifySystemd } from './notify.js';

/** Reads the files and prints what is wrong with them. @throws SluiceError E_CONFIG_INVALID with the errors in words */
async function readConfig(files: readonly string[], options: LoadingOptions): Promise<SourcedConfig> {
  const { config, diagnostics, sources, plugins } = await loadConfigFiles(files, options);
  reportDiagnostics(diagnostics, sources);
  if (config !== undefined) return { config, plugins };
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const words = errors.map(({ message, pointer, range }) => {
    const place = range === undefined ? pointer : `${range.file}:${range.line}:${range.column}`;
    return `${place}: ${message}`;
  });
  const count = countDiagnostics(diagnostics);
  throw new SluiceError('E_CONFIG_INVALID', `the configuration is refused (${count}): ${words.join('; ')}`);
}

/** An instance made from files, as `sluice run` keeps it. */
export class RunningCore {
  readonly instance: Instance;

  constructor({ config, plugins }: SourcedConfig, files: readonly string[], options: LoadingOptions) {
    this.instance = new Instance(config, { plugins, source: () => readConfig(files, options) });
  }

  /** Goes over to what the files say now; after an error all goes on as before. */
  async reload(): Promise<ReloadReport> {
    notifySystemd('RELOADING=1');
    try {
      const report = await this.instance.reload();
      process.stdout.write(`${describe(report)}\n`);
      return report;
    } catch (thrown) {
      const error = toSluiceError(thrown);
      process.stderr.write(`sluice: not reloaded, all goes on as before: ${error.message} (${error.code})\n`);
      throw error;
    } finally {
      notifySystemd('--ready');
    }
  }

  /** The same, for those who cannot take an answer: a signal, a file that has changed. */
  reloadQuietly(): void {
    this.reload().catch(() => undefined);
  }

  /** Opens log files anew, after their rotation. */
  reopenLogs(): void {
    this.instance.reopenLogs().catch((error: unknown) => {
      process.stderr.write(`sluice: log files stay as they were: ${toSluiceError(error).message}\n`);
    });
  }
}

/** "Reloaded: 1 added, 2 replaced, 5 kept (inbound a, …)." */
export function describe({ added, removed, replaced, kept, ended }: ReloadReport): string {
  const parts = [
    ...(added.length > 0 ? [`added ${added.join(', ')}`] : []),
    ...(replaced.length > 0 ? [`replaced ${replaced.join(', ')}`] : []),
    ...(removed.length > 0 ? [`removed ${removed.join(', ')}`] : []),
    `${kept} kept`,
    ...(ended > 0 ? [`${ended} connection${ended === 1 ? '' : 's'} of users who are gone ended`] : []),
  ];
  return `Reloaded: ${parts.join('; ')}.`;
}
