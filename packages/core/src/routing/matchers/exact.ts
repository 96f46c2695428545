import type { ProblemReporter, RouteQuery, RuleCondition } from '@sluice/plugin-api';
import { comparison } from './comparison.js';
import { listItems, type StringList } from './string-list.js';

/** The condition that a property of the query is one of a list's values, compared exactly. */
export function oneOf(
  field: 'inboundTag' | 'user',
  value: StringList | undefined,
  problems: ProblemReporter,
  property: (query: RouteQuery) => string | undefined,
): RuleCondition | undefined {
  const items = listItems(field, value, problems);
  if (items.length === 0) return undefined;
  const wanted = new Set(items.map((item) => item.text));
  const values = [...wanted];
  return {
    field,
    key: { kind: field, values },
    holds(query) {
      const actual = property(query);
      return actual !== undefined && wanted.has(actual);
    },
    describe: (query) => comparison(property(query), values),
  };
}
