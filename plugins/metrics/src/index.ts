import { definePlugin, defineService } from '@sluice/plugin-api';
import { checkMetrics } from './check.js';
import { metricsSettings, type MetricsSettings } from './schema.js';
import { Metrics } from './service.js';

const version = '0.1.0';

export const metricsService = defineService<MetricsSettings>({
  description: 'Numbers of the running instance for Prometheus.',
  schema: metricsSettings,
  check: checkMetrics,
  outboundTags: ({ tag }) => (tag === undefined ? [] : [tag]),
  create: (context) => new Metrics(context, version),
});

export default definePlugin({
  name: 'metrics',
  version,
  description: 'Numbers of the running instance for Prometheus.',
  services: { metrics: metricsService },
});
