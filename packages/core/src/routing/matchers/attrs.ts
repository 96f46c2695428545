import { Type, type RuleCondition } from '@sluice/plugin-api';
import { compileAttrs } from '../attrs/program.js';
import { AttrsSyntaxError } from '../attrs/syntax-error.js';
import { comparison } from './comparison.js';
import { defineMatcher } from './matcher.js';

export const attrsMatcher = defineMatcher<{ attrs?: string }>({
  fields: {
    attrs: Type.String({
      description:
        'An expression in Starlark over `attrs`, the attributes of an HTTP request: ":method", ":path", and headers in lower case. Matches if its value is true; a missing attribute makes it false. Connections without attributes never match. Default: any.',
      examples: ["attrs[':method'] == 'GET'", "attrs[':path'].startswith('/test') and 'accept' in attrs"],
    }),
  },
  parse({ attrs }, problems): RuleCondition | undefined {
    if (attrs === undefined || attrs === null) return undefined;
    if (attrs === '') {
      problems.warning(['attrs'], 'an empty expression is no condition: the rule matches as if it were not there');
      return undefined;
    }
    try {
      const program = compileAttrs(attrs);
      return {
        field: 'attrs',
        holds: ({ attributes }) => attributes !== undefined && program.isSatisfied(attributes),
        describe: ({ attributes }) => comparison(attributes && Object.keys(attributes).join(' '), [attrs]),
      };
    } catch (error) {
      if (!(error instanceof AttrsSyntaxError)) throw error;
      problems.error(['attrs'], `column ${error.at + 1}: ${error.message}`);
      return { field: 'attrs', holds: () => false };
    }
  },
});
