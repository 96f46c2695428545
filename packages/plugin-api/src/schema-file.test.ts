import { expect, it } from 'vitest';
import { definePlugin } from './plugin.js';
import { schemaFileOf } from './schema-file.js';
import { Type } from './contributions/type-builder.js';

const plugin = definePlugin({
  name: 'echo',
  version: '1.2.3',
  description: 'For tests.',
  inbounds: {
    echo: {
      description: 'Echoes.',
      schema: Type.Object({ times: Type.Optional(Type.Integer({ minimum: 1 })) }),
      networks: () => ['tcp'],
      create: () => ({ accept: () => Promise.resolve() }),
    },
  },
  dnsServers: {
    echo: {
      description: 'Answers with the question.',
      create: () => ({ exchange: (query) => Promise.resolve(query) }),
    },
  },
});

it('says what editors need, and nothing else', () => {
  expect(schemaFileOf(plugin)).toStrictEqual({
    name: 'echo',
    version: '1.2.3',
    apiVersion: 1,
    description: 'For tests.',
    inbounds: {
      echo: {
        description: 'Echoes.',
        schema: { type: 'object', properties: { times: { type: 'integer', minimum: 1 } } },
      },
    },
    dnsServers: { echo: { description: 'Answers with the question.' } },
  });
});

it('is JSON', () => {
  const file = schemaFileOf(plugin);
  expect(JSON.parse(JSON.stringify(file))).toStrictEqual(file);
});
