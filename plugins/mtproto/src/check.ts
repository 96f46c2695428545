import type { ProblemReporter } from '@sluice/plugin-api';
import { checkCidrs } from './address/cidr-set.js';
import { checkDataCenters } from './data-centers/check.js';
import { checkFronting } from './fronting/check.js';
import { checkLimits } from './limits/check-limits.js';
import { checkMiddleProxy } from './middle-proxy/check.js';
import { checkReplay } from './replay/settings.js';
import { DEFAULT_TIME_WINDOW, type InboundSettings } from './schema.js';
import { hostNameOf, parseSecret, type SecretMode } from './secret.js';

/** What the schema cannot say of an inbound's settings. */
export function checkInbound(settings: InboundSettings, problems: ProblemReporter): void {
  checkUsers(settings, problems);
  checkModes(settings, problems);
  checkLimits(settings, problems);
  checkFronting(settings, problems);
  const { tls = {}, replay = {}, usageFile, proxyProtocol } = settings;
  checkReplay(replay, tls.timeWindow ?? DEFAULT_TIME_WINDOW, problems, { usageFile });
  if (proxyProtocol?.from.length === 0) problems.warning(['proxyProtocol', 'from'], 'an empty list is as good as none');
  checkCidrs(proxyProtocol?.from ?? [], ['proxyProtocol', 'from'], problems);
  checkMiddleProxy(settings, problems);
  checkDataCenters(settings, problems);
}

/** Whether each user can come at all, in a mode and under a name. */
function checkModes({ users = [], modes, tls = {} }: InboundSettings, problems: ProblemReporter): void {
  const { serverNames = [] } = tls;
  serverNames.forEach((name, index) => {
    if (hostNameOf(name) === undefined) problems.error(['tls', 'serverNames', index], 'not a host name');
  });
  if (modes?.length === 0) problems.warning(['modes'], 'an empty list is as good as none');
  if (serverNames.length > 0 && modes !== undefined && modes.length > 0 && !modes.includes('tls')) {
    problems.warning(['tls', 'serverNames'], 'has no effect: "modes" does not accept "tls"');
  }
  if (modes === undefined || modes.length === 0) return;
  users.forEach(({ secret: text }, index) => {
    const secret = parseSecret(text);
    if (typeof secret === 'string') return;
    const asTls = modes.includes('tls') && (secret.mode === 'tls' || serverNames.length > 0);
    const can = { tls: asTls, padded: modes.includes('padded'), plain: asTls || modes.some((mode) => mode !== 'tls') };
    if (!can[secret.mode]) {
      problems.error(['users', index, 'secret'], `no client can use it: ${wayOut(secret.mode, modes, serverNames)}`);
    }
  });
}

function wayOut(mode: SecretMode, modes: readonly SecretMode[], serverNames: readonly string[]): string {
  if (mode === 'plain' && serverNames.length === 0) {
    return '"modes" accepts only "tls", for which "tls.serverNames" has to name a site (or the secret, as an "ee" one)';
  }
  return `its kind is "${mode}", and "modes" accepts only ${modes.map((each) => `"${each}"`).join(', ')}`;
}

const FIRST = 'the user that stands here first';

function checkUsers({ users = [] }: InboundSettings, problems: ProblemReporter): void {
  if (users.length === 0) problems.error(['users'], 'zero MTProto users configured: add one with a secret');
  const secrets = new Map<string, number>();
  const emails = new Map<string, number>();
  users.forEach(({ secret: text, email }, index) => {
    const secret = parseSecret(text);
    if (typeof secret === 'string') {
      problems.error(['users', index, 'secret'], secret);
    } else {
      const key = secret.key.toString('hex');
      const first = secrets.get(key);
      if (first === undefined) secrets.set(key, index);
      else
        problems.error(
          ['users', index, 'secret'],
          `the same secret as that of users[${first}]: its clients could not be told apart`,
          { code: 'C_DUPLICATE_USER', related: [{ path: ['users', first, 'secret'], message: FIRST }] },
        );
    }
    if (email === undefined || email === '') return;
    const first = emails.get(email);
    if (first === undefined) emails.set(email, index);
    else
      problems.warning(
        ['users', index, 'email'],
        `the same email as that of users[${first}]: they share counters and rules`,
        { code: 'C_DUPLICATE_USER', related: [{ path: ['users', first, 'email'], message: FIRST }] },
      );
  });
}
