import { oneOf } from './exact.js';
import { defineMatcher } from './matcher.js';
import { stringListSchema, type StringList } from './string-list.js';

export const userMatcher = defineMatcher<{ user?: StringList }>({
  fields: {
    user: stringListSchema(
      "The emails of the users whose connections match, exactly as in the inbound's settings. Connections without a user never match. Default: any user or none.",
      [['love@example.org']],
    ),
  },
  parse: (rule, problems) => oneOf('user', rule.user, problems, (query) => query.user?.email),
});
