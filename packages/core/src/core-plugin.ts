import { definePlugin, type Plugin } from '@sluice/plugin-api';
import { fieldRule } from './routing/field-rule.js';

/** What the core itself contributes, through the same door as every plugin. */
export const corePlugin: Plugin = definePlugin({
  name: 'core',
  version: '0.1.0',
  description: 'What the runtime itself contributes.',
  ruleTypes: { field: fieldRule },
});
