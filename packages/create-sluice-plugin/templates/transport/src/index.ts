import { defineStreamLayer, definePlugin } from '@sluice/plugin-api';
import { __Name__Layer } from './layer.js';
import { layerSettings, type LayerSettings } from './schema.js';

const name = '__name__';

export const layer = defineStreamLayer<LayerSettings>({
  description: 'Leads streams through the transport __name__.',
  schema: layerSettings,
  create: (context) => new __Name__Layer(context),
});

export default definePlugin({
  name,
  version: '0.1.0',
  description: 'The transport __name__: both ends.',
  transports: { [name]: layer },
});
