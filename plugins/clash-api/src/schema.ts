import { secretString, Type, type Static } from '@sluice/plugin-api';

export const clashApiSettings = Type.Object({
  'external-controller': Type.String({
    minLength: 1,
    maxLength: 300,
    examples: ['127.0.0.1:9090'],
    description:
      'The address and port to listen on, such as "127.0.0.1:9090" or "[::1]:9090". An address that is not of this machine alone (":9090" means all) asks for a `secret`.',
  }),
  secret: Type.Optional(
    secretString({
      maxLength: 512,
      description:
        'What a dashboard must know: sent as `Authorization: Bearer …`, by WebSockets as `?token=…`. Empty is the same as none. Default: none, and everybody on this machine may look and change.',
    }),
  ),
  'external-ui': Type.Optional(
    Type.String({
      minLength: 1,
      examples: ['/usr/share/metacubexd'],
      description:
        'A folder with a dashboard (metacubexd, zashboard, yacd…), served under /ui/. Relative to the working directory. Default: none is served.',
    }),
  ),
  'allow-origins': Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
      maxItems: 64,
      examples: [['https://board.example']],
      description:
        'Web origins, such as "https://board.example", whose pages may use the API in a browser; "*" for all. Default: pages served here, and with a `secret` also the places where the known dashboards are published.',
    }),
  ),
  'default-mode': Type.Optional(
    Type.String({
      maxLength: 32,
      default: 'rule',
      description:
        'The mode that is shown. Only "rule" is possible: connections always follow `routing.rules`. Default "rule".',
    }),
  ),
});

export type ClashApiSettings = Static<typeof clashApiSettings>;
