import { Type, type Static } from '@sluice/plugin-api';

export const blackholeSettings = Type.Object({
  response: Type.Optional(
    Type.Object(
      {
        type: Type.Optional(
          Type.Unsafe<'none' | 'http'>({
            type: 'string',
            enum: ['none', 'http'],
            enumDescriptions: ['Nothing.', 'An answer "403 Forbidden", for browsers.'],
            default: 'none',
            description:
              'What a connection gets before it is closed. "none" (default): nothing. "http": an answer "403 Forbidden", for browsers.',
          }),
        ),
      },
      { description: 'What a connection gets before it is closed. Default: nothing.' },
    ),
  ),
});

export type BlackholeSettings = Static<typeof blackholeSettings>;
