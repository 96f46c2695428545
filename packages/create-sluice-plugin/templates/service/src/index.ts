import { definePlugin } from '@sluice/plugin-api';
import { service } from './service.js';

const name = '__name__';

export default definePlugin({
  name,
  version: '0.1.0',
  description: 'Says in the log from time to time how much has been carried.',
  services: { [name]: service },
});
