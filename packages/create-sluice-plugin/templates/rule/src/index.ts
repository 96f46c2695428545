import { definePlugin } from '@sluice/plugin-api';
import { matcher, rule } from './rule.js';

const name = '__name__';

export default definePlugin({
  name,
  version: '0.1.0',
  description: 'Rules that match at certain hours of the day.',
  ruleTypes: { [name]: rule },
  ruleMatchers: { [name]: matcher },
});
