import { toSluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { parseFrontedHost } from './fronted-hosts.js';
import { hostNameOf } from '../secret.js';
import type { FrontingSettings, StrangersSetting } from './settings.js';

/** What the schema cannot say of `fronting`. */
export function checkFronting(
  settings: { readonly fronting?: FrontingSettings; readonly strangers?: StrangersSetting },
  problems: ProblemReporter,
): void {
  const { fronting } = settings;
  if (fronting === undefined) return;
  const { host, byServerName = {} } = fronting;
  if (host !== undefined) checkHost(host, ['fronting', 'host'], problems);
  const names = new Map<string, string>();
  for (const [name, text] of Object.entries(byServerName)) {
    const path = ['fronting', 'byServerName', name];
    checkHost(text, path, problems);
    if (hostNameOf(name) === undefined) problems.error(path, 'the key is not a host name');
    const same = names.get(name.toLowerCase());
    if (same !== undefined) problems.error(path, `the same name as "${same}": case does not count`);
    names.set(name.toLowerCase(), name);
  }
  if (host === undefined && Object.keys(byServerName).length === 0) {
    problems.warning(['fronting'], 'leads nobody anywhere: set "host"');
  }
}

function checkHost(text: string, path: readonly (string | number)[], problems: ProblemReporter): void {
  try {
    parseFrontedHost(text);
  } catch (error) {
    problems.error(path, toSluiceError(error).message);
  }
}
