import { definePlugin, defineService } from '@sluice/plugin-api';
import { Api } from './api.js';
import { checkApi } from './check.js';
import { apiSettings, type ApiSettings } from './schema.js';

export const apiService = defineService<ApiSettings>({
  description: "V2Ray's gRPC API: counters, inbounds, outbounds and users while the instance runs.",
  schema: apiSettings,
  check: checkApi,
  outboundTags: ({ tag = '' }) => (tag === '' ? [] : [tag]),
  create: (context) => new Api(context),
});

export default definePlugin({
  name: 'v2ray-api',
  version: '0.1.0',
  description: "V2Ray's gRPC API, for v2ctl and for panels.",
  services: { api: apiService },
});
