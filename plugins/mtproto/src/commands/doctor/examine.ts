import { clockFindings, timeSourceCheck } from './checks/clock.js';
import { dataCenterChecks } from './checks/data-centers.js';
import { frontedHostChecks } from './checks/fronted-hosts.js';
import { listeningChecks } from './checks/listening.js';
import { middleProxyChecks } from './checks/middle-proxies.js';
import { nameChecks } from './checks/names.js';
import { openFileFindings } from './checks/open-files.js';
import { secretFindings } from './checks/secrets.js';
import { stateFileChecks } from './checks/state-files.js';
import type { Examination } from './examination.js';
import type { Finding } from './finding.js';
import { runChecks } from './run-checks.js';

/**
 * Finds out what may stand in the way of the inbounds' clients.
 * @param limit of each check, in ms
 * @param timeSource a web server that knows the time
 */
export async function examine(
  examination: Examination,
  limit: number,
  timeSource: URL | undefined,
): Promise<readonly Finding[]> {
  const found = await runChecks(
    [
      ...(timeSource === undefined ? [] : [timeSourceCheck(timeSource, examination)]),
      ...listeningChecks(examination),
      ...stateFileChecks(examination),
      ...nameChecks(examination),
      ...frontedHostChecks(examination),
      ...dataCenterChecks(examination),
      ...middleProxyChecks(examination),
    ],
    limit,
  );
  // The other checks have seen other clocks.
  return [...clockFindings(examination), ...secretFindings(examination), ...openFileFindings(examination), ...found];
}
