import type { Problems } from '../diagnostics/problems.js';
import type { BalancerEntry } from '../entries/balancer.js';
import type { OutboundEntry } from '../entries/outbound.js';
import type { RuleEntry } from '../entries/rule.js';
import { member, text } from '../source/node.js';

/** What leads to outbounds. */
interface Leads {
  readonly outbounds: readonly OutboundEntry[];
  readonly rules: readonly RuleEntry[];
  readonly balancers: readonly BalancerEntry[];
}

/**
 * Balancers and outbounds to which nothing leads. Files are often written with some in reserve, and programs lead to
 * them through an interface, so that this is no more than a hint.
 */
export function checkUnused({ outbounds, rules, balancers }: Leads, problems: Problems): void {
  const asked = new Set(rules.map(({ balancerTag }) => balancerTag));
  for (const { node, tag } of balancers) {
    if (tag !== '' && !asked.has(tag))
      problems.info('C_UNUSED_BALANCER', (member(node, 'tag') ?? node).place, 'no rule leads to this balancer', {
        found: JSON.stringify(tag),
      });
  }
  const reached = reachedOutbounds({ outbounds, rules, balancers });
  for (const outbound of outbounds) {
    if (reached.has(outbound)) continue;
    const place = (member(outbound.node, 'tag') ?? outbound.node).place;
    problems.info('C_UNUSED_OUTBOUND', place, 'nothing leads to this outbound: no rule, balancer or other outbound', {
      found: outbound.tag === '' ? 'an outbound without a tag' : JSON.stringify(outbound.tag),
    });
  }
}

function reachedOutbounds({ outbounds, rules, balancers }: Leads): ReadonlySet<OutboundEntry> {
  const tags = new Set(rules.map(({ outboundTag }) => outboundTag));
  for (const { node } of balancers) tags.add(text(node, 'fallbackTag'));
  const prefixes = balancers.flatMap(({ selector }) => selector.map(({ prefix }) => prefix));
  const isLedTo = ({ tag }: OutboundEntry, index: number): boolean =>
    index === 0 || (tag !== '' && (tags.has(tag) || prefixes.some((prefix) => tag.startsWith(prefix))));
  const byTag = new Map(outbounds.filter(({ tag }) => tag !== '').map((outbound) => [outbound.tag, outbound]));
  const reached = new Set<OutboundEntry>();
  for (const start of outbounds.filter(isLedTo)) {
    let next: OutboundEntry | undefined = start;
    while (next !== undefined && !reached.has(next)) {
      reached.add(next);
      next = next.via === undefined ? undefined : byTag.get(next.via);
    }
  }
  return reached;
}
