import {
  defineBalancerStrategy,
  defineInbound,
  defineOutbound,
  definePlugin,
  defineRuleType,
  defineService,
  levelSchema,
  portSchema,
  secretString,
  Type,
  type Plugin,
} from '@sluice/plugin-api';

const noHandler = (): never => {
  throw new TypeError('a configuration creates no handler');
};

const echoSettings = Type.Object({
  mode: Type.Optional(
    Type.Unsafe<string>({
      type: 'string',
      enum: ['plain', 'Fancy', 'curly'],
      aliases: { curly: 'Fancy' },
      default: 'plain',
    }),
  ),
  network: Type.Optional(
    Type.Union([Type.Literal('tcp'), Type.Literal('udp'), Type.Literal('tcp,udp')], { default: 'tcp' }),
  ),
  port: Type.Optional(portSchema({})),
  tags: Type.Optional(Type.Union([Type.Array(Type.String()), Type.String()])),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  users: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String({ minLength: 1, maxLength: 8 }),
        secret: secretString({ pattern: '^[0-9a-f]+$', patternErrorMessage: 'hexadecimal digits' }),
        level: levelSchema('the user'),
      }),
      { maxItems: 3 },
    ),
  ),
  nested: Type.Optional(Type.Object({ flag: Type.Optional(Type.Boolean({ default: true })) }, { default: {} })),
});

/** Every kind of schema that plugins use: enums, unions, records, lists, secrets, defaults. */
const echo = definePlugin({
  name: 'echo',
  version: '0.0.0',
  description: 'For tests.',
  inbounds: {
    echo: defineInbound<{ network: string; users?: { name: string }[] }>({
      description: 'Echoes.',
      schema: echoSettings,
      networks: (settings) => settings.network.split(',') as ('tcp' | 'udp')[],
      check(settings, problems) {
        for (const [index, { name }] of (settings.users ?? []).entries()) {
          if (name === 'nobody') problems.error(['users', index, 'name'], 'nobody is no user');
          if (name === 'root') problems.warning(['users', index, 'name', 'deeper'], 'root is a bold choice');
          const first = settings.users?.findIndex((user) => user.name === name) ?? index;
          if (first !== index)
            problems.error(['users', index, 'name'], 'this user is there already', {
              code: 'C_DUPLICATE_USER',
              related: [{ path: ['users', first, 'name'], message: 'the user that stands here first' }],
            });
        }
      },
      create: noHandler,
    }),
  },
  outbounds: {
    exit: defineOutbound({
      description: 'Leaves.',
      schema: Type.Object({ strategy: Type.Optional(Type.String()) }),
      create: noHandler,
    }),
    Camel: defineOutbound({
      description: 'Needs a setting.',
      schema: Type.Object({ password: secretString({ minLength: 4 }) }),
      create: noHandler,
    }),
  },
});

const rules = definePlugin({
  name: 'rules',
  version: '0.0.0',
  description: 'For tests.',
  ruleTypes: {
    field: defineRuleType<{ port?: number }>({
      description: 'By fields.',
      schema: Type.Object({
        inboundTag: Type.Optional(Type.Union([Type.Array(Type.String()), Type.String()])),
        domain: Type.Optional(Type.Union([Type.Array(Type.String()), Type.String()])),
        port: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
      }),
      check(rule, problems) {
        if (Object.keys(rule).length === 0) problems.error([], 'the rule has no condition');
      },
      compile: ({ port, ...others }) => ({
        needsIp: false,
        matches: noHandler,
        conditions: [
          {
            field: 'port',
            holds: noHandler,
            key: { kind: 'port', ranges: [{ from: Number(port), to: Number(port) }] },
          },
          ...Object.keys(others).map((field) => ({ field, holds: noHandler })),
        ],
      }),
    }),
  },
  services: {
    beacon: defineService<{ out?: string; in?: string }>({
      description: 'Takes connections and makes some.',
      schema: Type.Object({
        out: Type.Optional(Type.String()),
        in: Type.Optional(Type.String()),
        token: Type.Optional(Type.String({ secret: true })),
        badge: Type.Optional(Type.String({ secret: true })),
      }),
      check(beacon, problems) {
        if (beacon.out === 'nowhere') problems.error(['out'], 'it must lead somewhere');
      },
      outboundTags: (beacon) => (beacon.out === undefined ? [] : [beacon.out]),
      inboundTags: (beacon) => (beacon.in === undefined ? [] : [beacon.in]),
      create: noHandler,
    }),
  },
  sniffers: {
    http: { description: 'HTTP.', networks: ['tcp'], sniff: () => 'no' },
    tls: { description: 'TLS.', networks: ['tcp'], sniff: () => 'no' },
  },
  balancerStrategies: {
    random: defineBalancerStrategy({ description: 'Any.', schema: Type.Object({}), create: noHandler }),
    best: defineBalancerStrategy({
      description: 'The best.',
      schema: Type.Object({ of: Type.Optional(Type.Integer({ default: 2 })) }),
      needsHealth: true,
      create: noHandler,
    }),
  },
});

export const plugins: readonly Plugin[] = [rules, echo];

/** A plugin whose own code fails, in each place where it is called. */
export const broken = definePlugin({
  name: 'broken',
  version: '0.0.0',
  description: 'For tests.',
  inbounds: {
    'broken-schema': defineInbound({
      description: '',
      schema: Type.Object({}, { mispelled: true }),
      networks: () => [],
      create: noHandler,
    }),
    'broken-check': defineInbound({
      description: '',
      schema: Type.Object({}),
      networks: () => ['tcp'],
      check: () => {
        throw new TypeError('oh');
      },
      create: noHandler,
    }),
    'broken-networks': defineInbound({
      description: '',
      schema: Type.Object({}),
      networks: () => {
        throw new TypeError('oh');
      },
      create: noHandler,
    }),
  },
});
