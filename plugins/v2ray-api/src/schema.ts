import { Type, type Static } from '@sluice/plugin-api';

export const serviceNames = [
  'HandlerService',
  'LoggerService',
  'ObservatoryService',
  'ReflectionService',
  'RoutingService',
  'StatsService',
] as const;

export type ServiceName = (typeof serviceNames)[number];

export const apiSettings = Type.Object({
  tag: Type.Optional(
    Type.String({
      maxLength: 255,
      examples: ['api'],
      description:
        'The tag under which rules lead connections to the API, as to an outbound: an inbound (dokodemo-door on a loopback address, usually) and a rule with its `inboundTag` and this tag as `outboundTag`. Who reaches that inbound may use the API. Default: none.',
    }),
  ),
  services: Type.Optional(
    Type.Array(Type.String({ examples: [...serviceNames] }), {
      default: [],
      description:
        'What the API can do, in any case. "HandlerService": add, remove and alter inbounds, outbounds and users. "LoggerService": open the log files anew. "ObservatoryService": what probes have found. "ReflectionService": tell clients such as grpcurl what there is. "RoutingService": test and watch routing, set balancers. "StatsService": read and reset counters.',
    }),
  ),
  listen: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 300,
      examples: ['127.0.0.1:10085'],
      description:
        'An address and port on which the API listens itself, such as "127.0.0.1:10085" or "[::1]:10085"; no inbound and no rule is needed then. Everybody who reaches it may use the API. Default: it does not listen.',
    }),
  ),
  allowRemote: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whether `listen` may be an address that other machines reach. The API asks for no password and is not encrypted: a firewall must say who gets there. Default false: such an address is an error.',
    }),
  ),
});

export type ApiSettings = Static<typeof apiSettings>;
