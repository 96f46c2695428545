import { comparison } from './comparison.js';
import { defineMatcher } from './matcher.js';
import { listItems, stringListSchema, type StringList } from './string-list.js';

export const protocolMatcher = defineMatcher<{ protocol?: StringList }>({
  fields: {
    protocol: stringListSchema(
      'The protocol that sniffing has found, in any case: "http", "tls", "quic", "bittorrent", "dns". The beginning of the name is enough: "http" is "http1" too. Connections of inbounds without `sniffing` never match. Default: any.',
      [['bittorrent']],
    ),
  },
  parse(rule, problems) {
    const items = listItems('protocol', rule.protocol, problems);
    if (items.length === 0) return undefined;
    const wanted = [...new Set(items.map(({ text }) => text.trim().toLowerCase()))];
    return {
      field: 'protocol',
      key: { kind: 'protocol', beginnings: wanted },
      holds({ protocol }) {
        if (protocol === undefined) return false;
        for (const beginning of wanted) if (protocol.startsWith(beginning)) return true;
        return false;
      },
      describe: (query) => comparison(query.protocol, wanted),
    };
  },
});
