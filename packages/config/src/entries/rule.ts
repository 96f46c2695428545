import { describeFound } from '../diagnostics/found.js';
import { nearest } from '../diagnostics/suggestion.js';
import { writtenAs } from '../load-cache.js';
import type { RuleConfig } from '../model.js';
import { orList } from '../schema/description.js';
import { member, text, without, type ConfigNode, type ObjectNode } from '../source/node.js';
import type { EntryContext } from './context.js';
import { readContributed } from './contributed.js';

/** The keys of a rule that are not its type's. */
const OWN_KEYS = ['type', 'outboundTag', 'balancerTag', 'ruleTag'];

/** A rule as far as it could be read. */
export interface RuleEntry {
  readonly node: ObjectNode;
  readonly type: string | undefined;
  readonly outboundTag: string | undefined;
  readonly balancerTag: string | undefined;
  readonly fields: unknown;
}

/** @param node a rule whose own keys are normalised; its type's are not */
export function readRule(node: ConfigNode, context: EntryContext): RuleEntry | undefined {
  if (node.kind !== 'object') return undefined;
  const target = readTarget(node, context);
  const type = member(node, 'type');
  const written = text(node, 'type');
  if (type === undefined || written === undefined) return { node, type: undefined, ...target, fields: undefined };
  const known = context.contributions.ruleTypes;
  const named = known.get(written.toLowerCase());
  if (named === undefined) {
    const names = [...known.values()].map(({ name }) => name).sort();
    const suggestion = nearest(written, names);
    context.problems.error('C_UNKNOWN_RULE_TYPE', type.place, 'no rule is of this type', {
      found: describeFound(type),
      expected: orList(names.map((name) => JSON.stringify(name))),
      suggestion: suggestion === undefined ? undefined : JSON.stringify(suggestion),
    });
    return { node, type: undefined, ...target, fields: undefined };
  }
  const whole = context.cache === undefined ? undefined : writtenAs(node);
  const options = { otherKeys: OWN_KEYS, written: whole };
  const contributed = readContributed(without(node, OWN_KEYS), named, context, options);
  return { node, type: named.name, ...target, fields: contributed?.value };
}

/** The entry must be free of errors. */
export function ruleConfig({ node, type, outboundTag, balancerTag, fields }: RuleEntry): RuleConfig {
  const ruleTag = text(node, 'ruleTag');
  return { type: type as string, outboundTag, balancerTag, ...(ruleTag === undefined ? {} : { ruleTag }), fields };
}

/** An outboundTag beats a balancerTag, as in V2Ray. */
function readTarget(node: ObjectNode, { problems }: EntryContext): Pick<RuleEntry, 'outboundTag' | 'balancerTag'> {
  const outboundTag = text(node, 'outboundTag');
  const balancer = member(node, 'balancerTag');
  const balancerTag = text(node, 'balancerTag');
  if (outboundTag !== undefined && outboundTag !== '') {
    if (balancer !== undefined && balancerTag !== '')
      problems.warning('C_IGNORED', balancer.place, '"balancerTag" has no effect beside "outboundTag"');
    return { outboundTag, balancerTag: undefined };
  }
  if (balancerTag !== undefined && balancerTag !== '') return { outboundTag: undefined, balancerTag };
  if (
    outboundTag === '' ||
    (member(node, 'outboundTag') === undefined && (balancer === undefined || balancerTag === ''))
  ) {
    problems.error(
      'C_MISSING',
      { ...node.place, pointer: `${node.place.pointer}/outboundTag` },
      '"outboundTag" is missing: the rule leads nowhere',
      {
        expected: 'the tag of an outbound, or a balancer in "balancerTag"',
      },
    );
  }
  return { outboundTag: undefined, balancerTag: undefined };
}
