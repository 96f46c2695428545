import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import { nearest } from '../diagnostics/suggestion.js';
import type { BalancerEntry } from '../entries/balancer.js';
import type { OutboundEntry } from '../entries/outbound.js';
import type { RuleEntry } from '../entries/rule.js';
import type { ServiceEntry } from '../entries/service.js';
import { member, text } from '../source/node.js';
import { anyOf, checkDuplicateTags } from './tags.js';

/** What balancers, and rules that lead to them, speak of. */
export interface BalancerParts {
  readonly balancers: readonly BalancerEntry[];
  readonly rules: readonly RuleEntry[];
  readonly outbounds: readonly OutboundEntry[];
  readonly services: readonly ServiceEntry[];
  /** Tags of outbounds that are there beside those of the configuration. */
  readonly knownOutbounds: readonly string[];
}

/**
 * What rules and balancers say of one another and of outbounds. Outbounds may come later, through an
 * interface, so that a selector without any is no error.
 */
export function checkBalancers(parts: BalancerParts, problems: Problems): void {
  const { balancers, rules, outbounds, services, knownOutbounds } = parts;
  checkDuplicateTags(balancers, 'balancer', problems);
  const isObserved = services.some(({ reportsHealth }) => reportsHealth);
  const outboundTags = tagsOf([
    ...outbounds.map(({ tag }) => tag),
    ...services.flatMap((service) => service.outboundTags),
    ...knownOutbounds,
  ]);
  const balancerTags = tagsOf(balancers.map(({ tag }) => tag));
  for (const { node, balancerTag } of rules) {
    if (balancerTag === undefined || balancerTags.has(balancerTag)) continue;
    const found = member(node, 'balancerTag') ?? node;
    problems.error('C_UNKNOWN_BALANCER', found.place, 'no balancer has this tag', {
      found: describeFound(found),
      expected: anyOf(balancerTags),
      suggestion: quoted(nearest(balancerTag, balancerTags)),
    });
  }
  for (const balancer of balancers) {
    checkMembers(balancer, outboundTags, problems);
    if (balancer.needsHealth && !isObserved) {
      const place = member(balancer.node, 'strategy')?.place ?? balancer.node.place;
      problems.warning(
        'C_UNOBSERVED',
        place,
        'this strategy goes by what probes find, and nothing probes: add an "observatory"',
      );
    }
  }
}

function checkMembers({ node, selector }: BalancerEntry, outboundTags: ReadonlySet<string>, problems: Problems): void {
  for (const { prefix, node: at } of selector) {
    if ([...outboundTags].some((tag) => tag.startsWith(prefix))) continue;
    problems.warning('C_EMPTY_SELECTOR', at.place, 'no tag of an outbound begins like this', {
      found: JSON.stringify(prefix),
      suggestion: quoted(nearest(prefix, outboundTags)),
    });
  }
  const fallback = member(node, 'fallbackTag');
  const tag = text(node, 'fallbackTag');
  if (fallback === undefined || tag === undefined || tag === '' || outboundTags.has(tag)) return;
  problems.error('C_UNKNOWN_OUTBOUND', fallback.place, 'no outbound has this tag', {
    found: describeFound(fallback),
    expected: anyOf(outboundTags),
    suggestion: quoted(nearest(tag, outboundTags)),
  });
}

function tagsOf(tags: readonly string[]): Set<string> {
  return new Set(tags.filter((tag) => tag !== ''));
}

function quoted(word: string | undefined): string | undefined {
  return word === undefined ? undefined : JSON.stringify(word);
}
