import {
  defineInbound,
  defineOutbound,
  definePlugin,
  defineRuleType,
  secretString,
  Type,
  type Plugin,
} from '@sluice/plugin-api';

const noHandler = (): never => {
  throw new TypeError('an editor creates no handler');
};

const names = Type.Optional(
  Type.Union([Type.Array(Type.String()), Type.String()], { description: 'Names. Default: any.' }),
);

/** As much of the protocols and rules that ship with the program as the tests ask for. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    name: 'small',
    version: '0.0.0',
    description: 'For tests.',
    inbounds: {
      socks: defineInbound({
        description: 'SOCKS clients.',
        networks: () => ['tcp'],
        schema: Type.Object({
          auth: Type.Optional(
            Type.Union(
              [
                Type.Literal('noauth', { description: 'Everybody may come.' }),
                Type.Literal('password', { description: 'Who knows a password.' }),
              ],
              { description: 'Who may come.', default: 'noauth' },
            ),
          ),
          udp: Type.Optional(Type.Boolean({ description: 'Whether UDP is taken.', default: false })),
          users: Type.Optional(
            Type.Array(
              Type.Object({
                email: Type.Optional(Type.String({ description: 'The name.' })),
                secret: secretString({ description: 'What only the user knows.' }),
                id: Type.Optional(Type.String({ description: 'A UUID.' })),
                password: Type.Optional(secretString({ description: 'Another one.' })),
              }),
              { description: 'Who may come.' },
            ),
          ),
          old: Type.Optional(
            Type.String({ description: 'Long ago.', deprecated: true, deprecationMessage: 'Use `auth`.' }),
          ),
        }),
        create: noHandler,
      }),
    },
    outbounds: {
      freedom: defineOutbound({ description: 'Leaves.', schema: Type.Object({}), create: noHandler }),
      blackhole: defineOutbound({ description: 'Ends it.', schema: Type.Object({}), create: noHandler }),
    },
    ruleTypes: {
      field: defineRuleType<object>({
        description: 'By fields.',
        schema: Type.Object({ inboundTag: names, user: names, domain: names }),
        compile: () => ({ needsIp: false, matches: noHandler }),
      }),
    },
  }),
];
