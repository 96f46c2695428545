import { Type } from '@sluice/plugin-api';
import { defineMatcher } from './matcher.js';

export const attrsMatcher = defineMatcher<{ attrs?: string }>({
  fields: {
    attrs: Type.String({
      description: 'An expression over the attributes of an HTTP request. Not available yet: an error.',
    }),
  },
  parse(rule, problems) {
    if (rule.attrs === undefined || rule.attrs === null) return undefined;
    problems.error(['attrs'], 'matching by request attributes is not available yet');
    return { field: 'attrs', holds: () => false };
  },
});
