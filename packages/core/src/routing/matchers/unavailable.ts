import { Type } from '@sluice/plugin-api';
import { defineMatcher } from './matcher.js';
import { stringListSchema, type StringList } from './string-list.js';

/** Conditions of V2Ray that cannot be tested yet. A rule without them would match too much. */
export const protocolMatcher = defineMatcher<{ protocol?: StringList }>({
  fields: {
    protocol: stringListSchema('The sniffed protocol: "http", "tls", "bittorrent". Not available yet: an error.'),
  },
  parse(rule, problems) {
    if (rule.protocol === undefined || rule.protocol === null) return undefined;
    problems.error(['protocol'], 'matching by sniffed protocol is not available yet');
    return () => false;
  },
});

export const attrsMatcher = defineMatcher<{ attrs?: string }>({
  fields: {
    attrs: Type.String({
      description: 'An expression over the attributes of an HTTP request. Not available yet: an error.',
    }),
  },
  parse(rule, problems) {
    if (rule.attrs === undefined || rule.attrs === null) return undefined;
    problems.error(['attrs'], 'matching by request attributes is not available yet');
    return () => false;
  },
});
