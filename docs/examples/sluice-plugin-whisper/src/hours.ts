import { defineRuleType, Type, type Rule, type Static } from '@sluice/plugin-api';

const hour = { minimum: 0, maximum: 23, examples: [8] };

export const hoursRule = Type.Object({
  from: Type.Integer({ ...hour, description: "The hour of this machine's day with which it begins, 0 to 23." }),
  to: Type.Integer({ ...hour, description: 'The hour before which it ends; one that is not later is the next day.' }),
});

export type HoursRule = Static<typeof hoursRule>;

/** A rule is pure and synchronous, and is asked for every connection: it does no more than it must. */
export function compileHours({ from, to }: HoursRule, clock: () => number = () => new Date().getHours()): Rule {
  return {
    needsIp: false,
    matches() {
      const now = clock();
      return from < to ? from <= now && now < to : from <= now || now < to;
    },
  };
}

export const hours = defineRuleType<HoursRule>({
  description: 'Matches at certain hours of the day, whatever the connection.',
  schema: hoursRule,
  check: ({ from, to }, problems) => {
    if (from === to) problems.warning(['to'], 'Matches at any hour: it begins when it ends.');
  },
  compile: (rule) => compileHours(rule),
});
