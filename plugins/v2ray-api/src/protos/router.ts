import { bool, bytes, choice, inner, many, map, text, uint32 } from '../wire/field.js';
import { message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { answers, service, unary } from '../wire/service.js';
import { Network } from './shared.js';

const PACKAGE = 'v2ray.core.app.router.command';

/** A connection as the router sees it, and where it sends it. */
export const RoutingContext = message(`${PACKAGE}.RoutingContext`, {
  InboundTag: text(1),
  Network: choice(2, Network),
  SourceIPs: many(bytes(3)),
  TargetIPs: many(bytes(4)),
  SourcePort: uint32(5),
  TargetPort: uint32(6),
  TargetDomain: text(7),
  Protocol: text(8),
  User: text(9),
  Attributes: map(10, text),
  OutboundGroupTags: many(text(11)),
  OutboundTag: text(12),
});
const SubscribeRoutingStatsRequest = message(`${PACKAGE}.SubscribeRoutingStatsRequest`, {
  FieldSelectors: many(text(1)),
});
const TestRouteRequest = message(`${PACKAGE}.TestRouteRequest`, {
  RoutingContext: inner(1, RoutingContext),
  FieldSelectors: many(text(2)),
  PublishResult: bool(3),
});

const PrincipleTargetInfo = message(`${PACKAGE}.PrincipleTargetInfo`, { tag: many(text(1)) });
const OverrideInfo = message(`${PACKAGE}.OverrideInfo`, { target: text(2) });
const BalancerMsg = message(`${PACKAGE}.BalancerMsg`, {
  override: inner(5, OverrideInfo),
  principle_target: inner(6, PrincipleTargetInfo),
});
const GetBalancerInfoRequest = message(`${PACKAGE}.GetBalancerInfoRequest`, { tag: text(1) });
const GetBalancerInfoResponse = message(`${PACKAGE}.GetBalancerInfoResponse`, { balancer: inner(1, BalancerMsg) });
const OverrideBalancerTargetRequest = message(`${PACKAGE}.OverrideBalancerTargetRequest`, {
  balancerTag: text(1),
  target: text(2),
});
const OverrideBalancerTargetResponse = message(`${PACKAGE}.OverrideBalancerTargetResponse`, {});

export const RoutingService = service(`${PACKAGE}.RoutingService`, {
  SubscribeRoutingStats: answers(SubscribeRoutingStatsRequest, RoutingContext),
  TestRoute: unary(TestRouteRequest, RoutingContext),
  GetBalancerInfo: unary(GetBalancerInfoRequest, GetBalancerInfoResponse),
  OverrideBalancerTarget: unary(OverrideBalancerTargetRequest, OverrideBalancerTargetResponse),
});

export const routerFile: ProtoFile = {
  name: 'app/router/command/command.proto',
  package: PACKAGE,
  messages: [
    RoutingContext,
    SubscribeRoutingStatsRequest,
    TestRouteRequest,
    PrincipleTargetInfo,
    OverrideInfo,
    BalancerMsg,
    GetBalancerInfoRequest,
    GetBalancerInfoResponse,
    OverrideBalancerTargetRequest,
    OverrideBalancerTargetResponse,
  ],
  services: [RoutingService],
};
