import {
  bytesToIp,
  destination,
  hostType,
  ipToBytes,
  SluiceError,
  type RouteAnswer,
  type RouteQuestion,
} from '@sluice/plugin-api';
import type { RoutingContext } from '../protos/router.js';
import { Network } from '../protos/shared.js';
import type { Decoded, Init } from '../wire/message.js';

type Context = Decoded<typeof RoutingContext>;
type ContextInit = Init<typeof RoutingContext>;

/** @throws SluiceError E_ADDRESS_INVALID, E_PROTOCOL */
export function questionOf(context: Context): RouteQuestion {
  const { InboundTag, SourceIPs, TargetIPs, TargetDomain, User, Protocol, Attributes } = context;
  const network = context.Network === Network.values.UDP ? 'udp' : 'tcp';
  const [targetIp] = TargetIPs;
  const host = TargetDomain !== '' ? TargetDomain : targetIp === undefined ? undefined : bytesToIp(targetIp);
  if (host === undefined) throw new SluiceError('E_PROTOCOL', 'TargetDomain or TargetIPs must say where to');
  const [sourceIp] = SourceIPs;
  return {
    inboundTag: InboundTag,
    network,
    target: destination(network, host, context.TargetPort),
    ...(sourceIp === undefined ? {} : { source: { address: bytesToIp(sourceIp), port: context.SourcePort } }),
    ...(User === '' ? {} : { user: { email: User, level: 0 } }),
    ...(Protocol === '' ? {} : { protocol: Protocol }),
    ...(Object.keys(Attributes).length === 0 ? {} : { attributes: Attributes }),
  };
}

/** How each field is filled; a selector means all fields whose names begin with it. */
const fields: Readonly<Record<string, (question: RouteQuestion, answer: RouteAnswer) => ContextInit>> = {
  inbound: ({ inboundTag }) => ({ InboundTag: inboundTag }),
  network: ({ network }) => ({ Network: network === 'udp' ? Network.values.UDP : Network.values.TCP }),
  ip_source: ({ source }) => ({ SourceIPs: ipsOf(source?.address) }),
  ip_target: ({ target }) => ({ TargetIPs: ipsOf(target.host) }),
  port_source: ({ source }) => ({ SourcePort: source?.port ?? 0 }),
  port_target: ({ target }) => ({ TargetPort: target.port }),
  domain: ({ target }) => ({ TargetDomain: target.type === 'domain' ? target.host : '' }),
  protocol: ({ protocol }) => ({ Protocol: protocol ?? '' }),
  user: ({ user }) => ({ User: user?.email ?? '' }),
  attributes: ({ attributes }) => ({ Attributes: attributes ?? {} }),
  outbound_group: (_question, { balancerTag }) => ({
    OutboundGroupTags: balancerTag === undefined ? [] : [balancerTag],
  }),
  outbound: (_question, { outboundTag }) => ({ OutboundTag: outboundTag }),
};

/** @returns what tells of a decision, in the fields that are asked for; all without selectors */
export function contextWith(
  selectors: readonly string[],
): (question: RouteQuestion, answer: RouteAnswer) => ContextInit {
  const chosen = Object.entries(fields)
    .filter(([name]) => selectors.length === 0 || selectors.some((selector) => name.startsWith(selector)))
    .map(([, fill]) => fill);
  return (question, answer) => Object.assign({}, ...chosen.map((fill) => fill(question, answer))) as ContextInit;
}

function ipsOf(host: string | undefined): Uint8Array[] {
  if (host === undefined) return [];
  const type = hostType(host);
  return type === 'ipv4' || type === 'ipv6' ? [ipToBytes(host)] : [];
}
