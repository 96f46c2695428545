import { completeTags } from './checks/tags.js';
import { balancerConfig, type BalancerEntry } from './entries/balancer.js';
import { deepFreeze } from './entries/frozen.js';
import { inboundConfig, type InboundEntry } from './entries/inbound.js';
import { outboundConfig, type OutboundEntry } from './entries/outbound.js';
import { ruleConfig, type RuleEntry } from './entries/rule.js';
import type { ServiceEntry } from './entries/service.js';
import type { LevelConfig, LogConfig, LogLevel, PolicyConfig, RoutingConfig, SluiceConfig } from './model.js';
import { fillDefaults } from './normalise/defaults.js';
import type { JsonSchema } from './schema/json-schema.js';
import { logSchema } from './schema/log.js';
import { levelSchema } from './schema/policy.js';
import { isTrue, member, text, toValue, without, type Member, type ObjectNode } from './source/node.js';

/** What the lists and keys of a configuration hold. */
export interface ConfigEntries {
  readonly inbounds: readonly InboundEntry[];
  readonly outbounds: readonly OutboundEntry[];
  readonly rules: readonly RuleEntry[];
  readonly balancers: readonly BalancerEntry[];
  readonly services: readonly ServiceEntry[];
}

/** The model of a configuration that has no errors. */
export function buildConfig(
  root: ObjectNode,
  { inbounds, outbounds, rules, balancers, services }: ConfigEntries,
  assetFolders: readonly string[],
): SluiceConfig {
  const inboundTags = completeTags(
    inbounds.map(({ tag, protocol, listen, ports }) => ({ tag, name: `${protocol}:${ports[0]?.from ?? listen}` })),
  );
  const outboundTags = completeTags(outbounds.map(({ tag, protocol }) => ({ tag, name: String(protocol) })));
  return deepFreeze({
    log: buildLog(root),
    inbounds: inbounds.map((entry, index) => inboundConfig(entry, inboundTags[index] as string)),
    outbounds: outbounds.map((entry, index) => outboundConfig(entry, outboundTags[index] as string)),
    routing: {
      domainStrategy: (text(member(root, 'routing'), 'domainStrategy') ?? 'AsIs') as RoutingConfig['domainStrategy'],
      rules: rules.map(ruleConfig),
      balancers: balancers.map(balancerConfig),
    },
    policy: buildPolicy(root),
    stats: member(root, 'stats') !== undefined,
    services: Object.fromEntries(services.map(({ key, settings }) => [key, settings])),
    assetFolders,
  });
}

/** Without a `log` object there is no access log; with one it is on the console unless it says otherwise. */
function buildLog(root: ObjectNode): LogConfig {
  const node = member(root, 'log');
  if (node === undefined) return { access: 'none', error: '', loglevel: 'warning' };
  const { access, error, loglevel } = toValue(fillDefaults(node, logSchema as JsonSchema)) as {
    access: string;
    error: string;
    loglevel: LogLevel;
  };
  return loglevel === 'none' ? { access: 'none', error: 'none', loglevel } : { access, error, loglevel };
}

function buildPolicy(root: ObjectNode): PolicyConfig {
  const policy = member(root, 'policy');
  const system = member(policy, 'system');
  const levels = member(policy, 'levels');
  return {
    levels: levels?.kind === 'object' ? Object.fromEntries(levels.members.map(buildLevel)) : {},
    system: {
      statsInboundUplink: isTrue(system, 'statsInboundUplink'),
      statsInboundDownlink: isTrue(system, 'statsInboundDownlink'),
      statsOutboundUplink: isTrue(system, 'statsOutboundUplink'),
      statsOutboundDownlink: isTrue(system, 'statsOutboundDownlink'),
    },
  };
}

function buildLevel({ key, value }: Member): [string, LevelConfig] {
  const own = value.kind === 'object' ? without(value, ['bufferSize']) : value;
  return [String(Number(key)), toValue(fillDefaults(own, levelSchema as JsonSchema)) as LevelConfig];
}
