import type { Network } from '@sluice/plugin-api';
import { comparison } from './comparison.js';
import { defineMatcher } from './matcher.js';
import { listItems, stringListSchema, type StringList } from './string-list.js';

export const networkMatcher = defineMatcher<{ network?: StringList }>({
  fields: {
    network: stringListSchema('"tcp", "udp" or "tcp,udp", in any case; also as a list. Default: both.', [
      'tcp',
      'udp',
      'tcp,udp',
    ]),
  },
  parse(rule, problems) {
    const items = listItems('network', rule.network, problems);
    if (items.length === 0) return undefined;
    const wanted = new Set<Network>();
    for (const { text, path } of items) {
      const name = text.trim().toLowerCase();
      if (name === 'tcp' || name === 'udp') wanted.add(name);
      else problems.error(path, `"${text.slice(0, 32)}" is not a network: write "tcp", "udp" or "tcp,udp"`);
    }
    return {
      field: 'network',
      key: { kind: 'network', values: [...wanted] },
      holds: (query) => wanted.has(query.network),
      describe: (query) => comparison(query.network, [...wanted]),
    };
  },
});
