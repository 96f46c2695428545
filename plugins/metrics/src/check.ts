import { SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { parseListenAddress } from './listen-address.js';
import type { MetricsSettings } from './schema.js';

export function checkMetrics(settings: MetricsSettings, problems: ProblemReporter): void {
  const { listen, tag, secret = '' } = settings;
  if (listen === undefined) {
    if (tag === undefined) problems.error([], 'set `listen`, or a `tag` to reach the metrics by routing');
    return;
  }
  try {
    if (!parseListenAddress(listen).isLoopback && secret === '') {
      problems.error(
        ['listen'],
        'this address can be reached from other machines, and metrics name users: set a `secret`, or listen on 127.0.0.1',
      );
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    problems.error(['listen'], error.message);
  }
}
