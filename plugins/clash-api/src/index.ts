import { definePlugin, defineService } from '@sluice/plugin-api';
import { checkClashApi } from './check.js';
import { OWN_INBOUND } from './delay/own-inbound.js';
import { clashApiSettings, type ClashApiSettings } from './schema.js';
import { ClashApi } from './service.js';

const version = '0.1.0';

export const clashApiService = defineService<ClashApiSettings>({
  description: "Clash's REST API, for dashboards such as metacubexd, zashboard and yacd.",
  schema: clashApiSettings,
  check: checkClashApi,
  inboundTags: () => [OWN_INBOUND],
  create: (context) => new ClashApi(context, version),
});

export default definePlugin({
  name: 'clash-api',
  version,
  description: "Clash's REST API: looks at and changes a running instance from a dashboard.",
  services: { clashApi: clashApiService },
});
