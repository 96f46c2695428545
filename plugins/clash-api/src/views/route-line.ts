import { formatEndpoint, formatHostPort, type Control, type RouteEvent } from '@sluice/plugin-api';
import { showRule } from './rules.js';

/** "[TCP] 192.0.2.1:50000 --> example.org:443 match Domain(example.org) using any[out-1]", as Clash logs a connection. */
export function describeRoute({ question, ...answer }: RouteEvent, control: Control): string {
  const { network, source, target, user, inboundTag } = question;
  const from = source === undefined ? inboundTag : formatEndpoint(source);
  const email = user?.email === undefined ? '' : `(${user.email})`;
  const rule = answer.ruleIndex === undefined ? undefined : control.rules()[answer.ruleIndex];
  const shown = rule === undefined ? undefined : showRule(rule);
  const why = shown === undefined ? 'match Match' : `match ${shown.type}(${shown.payload})`;
  const { outboundTag, balancerTag } = answer;
  const using = balancerTag === undefined ? outboundTag : `${balancerTag}[${outboundTag}]`;
  const to = formatHostPort(target.host, target.port);
  return `[${network.toUpperCase()}] ${from}${email} --> ${to} ${why} using ${using}`;
}
