import { secretString, Type, type Static } from '@sluice/plugin-api';

export const layerSettings = Type.Object(
  { key: secretString({ minLength: 8, description: 'The key that both ends share, 8 characters or more.' }) },
  { description: 'Settings of the "__name__" transport.' },
);

export type LayerSettings = Static<typeof layerSettings>;
