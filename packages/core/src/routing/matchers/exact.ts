import type { ProblemReporter, RouteQuery } from '@sluice/plugin-api';
import type { RouteTest } from './matcher.js';
import { listItems, type StringList } from './string-list.js';

/** A test that a property of the query is one of a list's values, compared exactly. */
export function oneOf(
  key: string,
  value: StringList | undefined,
  problems: ProblemReporter,
  property: (query: RouteQuery) => string | undefined,
): RouteTest | undefined {
  const items = listItems(key, value, problems);
  if (items.length === 0) return undefined;
  const wanted = new Set(items.map((item) => item.text));
  return (query) => {
    const actual = property(query);
    return actual !== undefined && wanted.has(actual);
  };
}
