import type { Format, SluiceConfig } from '@sluice/config';
import { routerOf, type Explanation, type RouteSubject } from '@sluice/core';
import {
  formatDestination,
  formatEndpoint,
  parseDestination,
  SluiceError,
  SystemResolver,
  type Destination,
  type Endpoint,
  type Resolver,
} from '@sluice/plugin-api';
import { loadConfigFiles, type LoadedFiles } from '../config-files.js';
import { countDiagnostics, reportDiagnostics } from '../report.js';

export interface ExplainOptions {
  readonly config: readonly string[];
  readonly format?: Format;
  readonly inbound?: string;
  readonly target: string;
  readonly source?: string;
  readonly user?: string;
  readonly protocol?: string;
  readonly attr?: readonly string[];
  readonly resolve?: boolean;
  readonly json?: boolean;
}

const notAsked: Resolver = {
  resolve: () => Promise.reject(new SluiceError('E_DNS_FAILED', 'names are resolved with --resolve only')),
};

/**
 * `sluice explain`: says rule by rule why a connection would go where it goes. Starts and opens nothing.
 * @returns the exit code @throws SluiceError E_ADDRESS_INVALID, E_UNSUPPORTED for options that cannot be read
 */
export async function explain(options: ExplainOptions): Promise<number> {
  const loaded = await loadConfigFiles(options.config, { format: options.format });
  const { config } = loaded;
  if (config === undefined) {
    reportDiagnostics(loaded.diagnostics, loaded.sources);
    process.stderr.write(`sluice: the configuration is refused (${countDiagnostics(loaded.diagnostics)})\n`);
    return 1;
  }
  const subject = subjectOf(options, config);
  const resolver = options.resolve === true ? new SystemResolver() : notAsked;
  const explanation = await routerOf(config, { plugins: loaded.plugins, resolver }).explain(subject);
  const outcome = outcomeOf(explanation, config);
  if (options.json === true) {
    const { steps, decision } = explanation;
    process.stdout.write(`${JSON.stringify({ steps, ruleIndex: decision.ruleIndex, ...outcome }, null, 2)}\n`);
  } else {
    process.stdout.write(`${lines(subject, explanation, outcome, loaded).join('\n')}\n`);
  }
  return 0;
}

/** Where a connection goes in the end. */
interface Outcome {
  readonly outbound?: { readonly tag: string; readonly protocol: string } | undefined;
  readonly balancer?: { readonly tag: string; readonly strategy: string; readonly members: readonly string[] };
}

function subjectOf(options: ExplainOptions, config: SluiceConfig): RouteSubject {
  const target = targetOf(options.target);
  const attributes = Object.fromEntries((options.attr ?? []).map(attributeOf));
  return {
    inboundTag: options.inbound ?? config.inbounds[0]?.tag ?? '',
    network: target.network,
    target,
    source: options.source === undefined ? { address: '127.0.0.1', port: 0 } : endpointOf(options.source),
    user: options.user === undefined ? undefined : { email: options.user, level: 0 },
    protocol: options.protocol,
    attributes: options.attr === undefined ? undefined : attributes,
  };
}

function targetOf(text: string): Destination {
  const found = /^(tcp|udp):(.+)$/s.exec(text);
  if (found === null) throw new SluiceError('E_ADDRESS_INVALID', 'write the target as tcp:host:port or udp:host:port');
  return parseDestination(found[1] === 'udp' ? 'udp' : 'tcp', found[2] ?? '');
}

function endpointOf(text: string): Endpoint {
  const { host, port, type } = parseDestination('tcp', text);
  if (type === 'domain') throw new SluiceError('E_ADDRESS_INVALID', 'write the source as IP:port');
  return { address: host, port };
}

/** As a request has them: names in lower case, values as bytes. */
function attributeOf(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new SluiceError('E_UNSUPPORTED', 'write an attribute as name=value');
  const value = Buffer.from(text.slice(equals + 1), 'utf8').toString('latin1');
  return [text.slice(0, equals).toLowerCase(), value];
}

function outcomeOf({ decision }: Explanation, { outbounds, routing }: SluiceConfig): Outcome {
  const balancer = routing.balancers.find(({ tag }) => tag === decision.balancerTag);
  if (decision.outboundTag === undefined && balancer !== undefined) {
    const members = outbounds.filter(({ tag }) => balancer.selector.some((prefix) => tag.startsWith(prefix)));
    return {
      balancer: { tag: balancer.tag, strategy: balancer.strategy.type, members: members.map(({ tag }) => tag) },
    };
  }
  const { outboundTag } = decision;
  const found = outboundTag === undefined ? outbounds[0] : outbounds.find(({ tag }) => tag === outboundTag);
  // The tag may be that of a service, which is no entry of `outbounds`.
  const named = outboundTag === undefined ? undefined : { tag: outboundTag, protocol: 'a service' };
  return { outbound: found === undefined ? named : { tag: found.tag, protocol: found.protocol } };
}

function lines(
  subject: RouteSubject,
  { steps, decision }: Explanation,
  outcome: Outcome,
  loaded: LoadedFiles,
): string[] {
  const { inboundTag, target, source, user } = subject;
  const by = user?.email === undefined ? '' : `, user ${user.email}`;
  const all = [`${formatDestination(target)} from ${formatEndpoint(source)} through inbound "${inboundTag}"${by}`];
  for (const step of steps) {
    if (step.kind === 'resolve') {
      const addresses = step.ips.join(', ') || 'no addresses';
      all.push(
        `${step.domain} is ${step.failure === undefined ? `resolved: ${addresses}` : `not resolved: ${step.failure}`}`,
      );
      continue;
    }
    const range = loaded.ruleRanges?.[step.ruleIndex];
    const name = loaded.config?.routing.rules[step.ruleIndex]?.ruleTag;
    const where = [name === undefined ? '' : ` "${name}"`, range === undefined ? '' : ` (${range.file}:${range.line})`];
    all.push(`rule ${step.ruleIndex}${where.join('')} ${step.matches ? 'matches' : 'does not match'}`);
    for (const { field, holds, note } of step.conditions) {
      all.push(`  ${holds ? 'yes' : 'no '}  ${field}: ${note}`);
    }
  }
  const why = decision.ruleIndex === undefined ? 'no rule matches: the default' : `by rule ${decision.ruleIndex}`;
  return [...all, `=> ${outcomeText(outcome)} (${why})`];
}

function outcomeText({ outbound, balancer }: Outcome): string {
  if (balancer !== undefined) {
    return `balancer "${balancer.tag}", ${balancer.strategy} among ${balancer.members.join(', ')}`;
  }
  return outbound === undefined ? 'nowhere: there is no outbound' : `outbound "${outbound.tag}", ${outbound.protocol}`;
}
