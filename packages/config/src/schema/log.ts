import { Type } from '@sluice/plugin-api';

const target = 'A file\'s path; "" is the console, "none" is nowhere. Default "" where there is a `log` object';

export const logSchema = Type.Object(
  {
    access: Type.Optional(
      Type.String({
        default: '',
        examples: ['/var/log/sluice/access.log', 'none'],
        description: `Where a line for each connection goes. ${target}; without one, "none".`,
      }),
    ),
    error: Type.Optional(
      Type.String({
        default: '',
        examples: ['/var/log/sluice/error.log', 'none'],
        description: `Where messages of the program itself go. ${target}, and without one.`,
      }),
    ),
    loglevel: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['debug', 'info', 'warning', 'error', 'none'],
        enumDescriptions: [
          'Everything, down to what only developers of a plugin want to know.',
          'Also what goes as it should: each start, reload and connection.',
          'What is wrong but does not stop anything.',
          'What fails.',
          'Nothing, and no lines of `access` either.',
        ],
        default: 'warning',
        fallback: 'warning',
        description:
          'The least severe messages that are written to `error`: "debug", "info", "warning", "error", or "none" for neither log. Default "warning".',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'What is logged, and where to. Default: messages from "warning" on, on the console, and no line per connection.',
  },
);
