import { oneOf } from './exact.js';
import { defineMatcher } from './matcher.js';
import { stringListSchema, type StringList } from './string-list.js';

export const inboundTagMatcher = defineMatcher<{ inboundTag?: StringList }>({
  fields: {
    inboundTag: stringListSchema(
      'The tags of the inbounds whose connections match. A list, or one string with commas. Default: any inbound.',
      [['socks-in']],
    ),
  },
  parse: (rule, problems) => oneOf('inboundTag', rule.inboundTag, problems, (query) => query.inboundTag),
});
