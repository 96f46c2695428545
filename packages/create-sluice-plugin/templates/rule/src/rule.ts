import { defineRuleMatcher, defineRuleType, Type, type ProblemReporter, type Static } from '@sluice/plugin-api';

const hour = { minimum: 0, maximum: 23, examples: [8] };

const settings = Type.Object({
  from: Type.Integer({ ...hour, description: "The hour of this machine's day with which it begins, 0 to 23." }),
  to: Type.Integer({ ...hour, description: 'The hour before which it ends; one that is not later is the next day.' }),
});

export type Hours = Static<typeof settings>;

/** Pure and synchronous, and asked for every connection: it does no more than it must. */
export function isWithin({ from, to }: Hours, now: number): boolean {
  return from < to ? from <= now && now < to : from <= now || now < to;
}

function check({ from, to }: Hours, problems: ProblemReporter): void {
  if (from === to) problems.warning(['to'], 'Matches at any hour: it begins when it ends.');
}

const description = 'Matches at certain hours of the day.';

/** A rule of its own: `{ "type": "__name__", "from": 22, "to": 6, "outboundTag": … }`. */
export const rule = defineRuleType<Hours>({
  description,
  schema: settings,
  check,
  compile: (hours) => ({ needsIp: false, matches: () => isWithin(hours, new Date().getHours()) }),
});

/** A condition beside others: `{ "type": "field", "domain": […], "__name__": { "from": 22, "to": 6 }, "outboundTag": … }`. */
export const matcher = defineRuleMatcher<Hours>({
  description,
  schema: settings,
  check,
  compile: (hours) => ({
    holds: () => isWithin(hours, new Date().getHours()),
    describe: () => `${new Date().getHours()} is compared with ${hours.from} to ${hours.to}`,
  }),
});
