import { secretString, Type, type Static } from '@sluice/plugin-api';

export const metricsSettings = Type.Object({
  listen: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 300,
      examples: ['127.0.0.1:9100'],
      description:
        'The address and port where Prometheus asks, such as "127.0.0.1:9100". An address that is not of this machine alone (":9100" means all) asks for a `secret`. Default: none, and only `tag` leads there.',
    }),
  ),
  path: Type.Optional(
    Type.String({
      pattern: '^/[!-~]*$',
      maxLength: 300,
      default: '/metrics',
      description: 'The path of the metrics. Default "/metrics".',
    }),
  ),
  secret: Type.Optional(
    secretString({
      maxLength: 512,
      description:
        'What Prometheus must send as `Authorization: Bearer …`: its `authorization.credentials`. Empty is the same as none. Default: none.',
    }),
  ),
  tag: Type.Optional(
    Type.String({
      minLength: 1,
      examples: ['metrics'],
      description:
        'As an outbound of this tag the metrics are reached by routing: lead an inbound to it by a rule. May stand alone or beside `listen`. Default: none.',
    }),
  ),
});

export type MetricsSettings = Static<typeof metricsSettings>;
