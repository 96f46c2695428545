import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import { nearest } from '../diagnostics/suggestion.js';
import type { InboundEntry } from '../entries/inbound.js';
import type { OutboundEntry } from '../entries/outbound.js';
import type { RuleEntry } from '../entries/rule.js';
import type { ServiceEntry } from '../entries/service.js';
import { member, type ConfigNode, type ObjectNode, type ScalarNode } from '../source/node.js';
import { anyOf, tagPlace } from './tags.js';

/**
 * V2Ray sends what a rule leads to an unknown outbound to the default one; here it is an error.
 * @param knownOutbounds tags of outbounds that are there beside those of the configuration
 */
export function checkReferences(
  inbounds: readonly InboundEntry[],
  outbounds: readonly OutboundEntry[],
  rules: readonly RuleEntry[],
  services: readonly ServiceEntry[],
  knownOutbounds: readonly string[],
  problems: Problems,
): void {
  const inboundTags = tags([...inbounds, ...services.flatMap((service) => service.inboundTags.map(tagged))]);
  const ownTags = tags([...outbounds, ...knownOutbounds.map(tagged)]);
  const outboundTags = new Set([...ownTags, ...services.flatMap((service) => service.outboundTags)]);
  for (const { node } of rules) {
    const target = stringNode(member(node, 'outboundTag'));
    if (target !== undefined && target.value !== '') requireOutbound(target, outboundTags, problems);
    for (const [tag, at] of inboundTagsOf(node)) {
      if (tag === '' || inboundTags.has(tag)) continue;
      problems.warning('C_UNKNOWN_INBOUND', at.place, 'no inbound has this tag, so the rule never matches by it', {
        found: JSON.stringify(tag),
        expected: anyOf(inboundTags),
        suggestion: quoted(nearest(tag, inboundTags)),
      });
    }
  }
  checkServiceTags(outbounds, services, problems);
  for (const { node } of outbounds) {
    const via = stringNode(member(member(node, 'proxySettings'), 'tag'));
    if (via !== undefined && via.value !== '') requireOutbound(via, ownTags, problems);
  }
}

/** Whatever is led to such a tag could go to one of them only. */
function checkServiceTags(
  outbounds: readonly OutboundEntry[],
  services: readonly ServiceEntry[],
  problems: Problems,
): void {
  const owners = new Map(
    outbounds
      .filter(({ tag }) => tag !== '')
      .map(({ tag, node }) => [tag, { noun: 'an outbound', place: tagPlace(node) }]),
  );
  for (const { key, node, outboundTags } of services) {
    for (const tag of outboundTags) {
      const owner = owners.get(tag);
      if (owner !== undefined)
        problems.error('C_DUPLICATE_TAG', node.place, `"${key}" takes connections by a tag that ${owner.noun} has`, {
          found: JSON.stringify(tag),
          related: [{ place: owner.place, message: `${owner.noun} of this tag` }],
        });
      owners.set(tag, { noun: `"${key}"`, place: node.place });
    }
  }
}

function requireOutbound(node: ScalarNode, known: ReadonlySet<string>, problems: Problems): void {
  const tag = node.value as string;
  if (known.has(tag)) return;
  problems.error('C_UNKNOWN_OUTBOUND', node.place, 'no outbound has this tag', {
    found: describeFound(node),
    expected: anyOf(known),
    suggestion: quoted(nearest(tag, known)),
  });
}

/** Found by its key in any case: the rule's own fields are as the file spells them. */
function inboundTagsOf(rule: ObjectNode): [string, ConfigNode][] {
  const value = rule.members.filter(({ key }) => key.toLowerCase() === 'inboundtag').at(-1)?.value;
  if (value?.kind === 'array') {
    return value.items.flatMap((item): [string, ConfigNode][] =>
      item.kind === 'scalar' && typeof item.value === 'string' ? [[item.value, item]] : [],
    );
  }
  if (value?.kind !== 'scalar' || typeof value.value !== 'string') return [];
  return value.value.split(',').map((tag) => [tag.trim(), value]);
}

const tagged = (tag: string): { tag: string } => ({ tag });

function tags(entries: readonly { readonly tag: string }[]): Set<string> {
  return new Set(entries.map(({ tag }) => tag).filter((tag) => tag !== ''));
}

function stringNode(node: ConfigNode | undefined): ScalarNode | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node : undefined;
}

function quoted(word: string | undefined): string | undefined {
  return word === undefined ? undefined : JSON.stringify(word);
}
