import type { Problems } from '../diagnostics/problems.js';
import { checkTcpSettings } from '../entries/stream.js';
import { items, member, type Member, type ObjectNode } from '../source/node.js';

const NOT_YET = 'is not available yet';

/** Parts of V2Ray that a file may ask for and that are not there: refused, or said to be without effect. */
export function checkUnavailable(root: ObjectNode, services: ReadonlyMap<string, unknown>, problems: Problems): void {
  for (const key of ['api', 'fakedns', 'observatory', 'burstObservatory', 'multiObservatory']) {
    if (services.has(key.toLowerCase())) continue;
    refuse(
      root.members.find((one) => one.key === key),
      problems,
    );
  }
  const reverse = services.has('reverse') ? undefined : member(root, 'reverse');
  for (const key of ['bridges', 'portals']) {
    if (items(reverse, key).length > 0 && reverse?.kind === 'object')
      refuse(
        reverse.members.find((one) => one.key === key),
        problems,
      );
  }
  const routing = member(root, 'routing');
  for (const key of ['domainMatcher', 'strategy']) ignore(routing, key, 'there is one way of matching', problems);

  const dns = member(root, 'dns');
  if (!services.has('dns') && dns?.kind === 'object' && dns.members.length > 0)
    ignore(root, 'dns', `V2Ray's DNS ${NOT_YET}, and names are resolved by the system`, problems);
  ignore(root, 'transport', 'set transports in each handler\'s "streamSettings"', problems);
  checkTcpSettings(member(member(root, 'transport'), 'tcpSettings'), problems);
  ignore(root, 'services', 'there are no services of that kind', problems);
  ignore(root, 'browserForwarder', `connecting through a browser ${NOT_YET}`, problems);

  const levels = member(member(root, 'policy'), 'levels');
  if (levels?.kind === 'object') {
    for (const { value } of levels.members)
      ignore(value, 'bufferSize', 'buffers fit themselves to the traffic', problems);
  }
}

function refuse(found: Member | undefined, problems: Problems): void {
  if (found !== undefined) problems.error('C_UNAVAILABLE', found.keyPlace, `"${found.key}" ${NOT_YET}`);
}

function ignore(node: Parameters<typeof member>[0], key: string, why: string, problems: Problems): void {
  const found = node?.kind === 'object' ? node.members.find((one) => one.key === key) : undefined;
  if (found !== undefined) problems.warning('C_IGNORED', found.keyPlace, `"${key}" has no effect: ${why}`);
}
