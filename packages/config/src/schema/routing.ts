import { Type, type TSchema } from '@sluice/plugin-api';

/** An entry of `routing.rules`; its other fields are its type's. */
export const ruleSchema = Type.Object(
  {
    type: Type.String({ description: 'The kind of rule: "field". Needed; no default.', examples: ['field'] }),
    outboundTag: Type.Optional(
      Type.String({
        examples: ['direct'],
        description:
          'The tag of the outbound that takes what matches. Needed unless `balancerTag` is there; no default.',
      }),
    ),
    balancerTag: Type.Optional(
      Type.String({
        examples: ['fastest'],
        description:
          'The tag of the balancer that chooses an outbound for what matches; an `outboundTag` goes before it. Default: none.',
      }),
    ),
    ruleTag: Type.Optional(
      Type.String({
        examples: ['domestic sites'],
        description: "The rule's name for people. Default: none; its place in the list names it.",
      }),
    ),
  },
  { additionalProperties: true, description: 'A rule: what it matches, and which outbound takes it.' },
);

/** The object form of a balancer's `strategy`; its `settings` are its type's. */
export const strategySchema = Type.Object(
  {
    type: Type.Optional(
      Type.String({
        description:
          'How to choose: "random", "roundRobin" (one after the other), "leastPing" (the fastest) or "leastLoad" (the steadiest); the last two need an `observatory`. Default "random".',
      }),
    ),
    settings: Type.Optional(
      Type.Object({}, { additionalProperties: true, description: "The strategy's own settings. Default {}." }),
    ),
  },
  { additionalProperties: false, description: 'How a balancer chooses. Default: "random".' },
);

/** An entry of `routing.balancers`. */
export function balancerSchema(strategy: TSchema): TSchema {
  return Type.Object(
    {
      tag: Type.String({
        minLength: 1,
        examples: ['fastest', 'evenly'],
        description: "The balancer's name for `balancerTag`; no other balancer may have it. Needed; no default.",
      }),
      selector: Type.Union([Type.Array(Type.String(), { minItems: 1 }), Type.String({ minLength: 1 })], {
        description:
          'How the tags of the outbounds to choose from begin: "proxy-" for "proxy-1", "proxy-2". A list, or one string with commas. Needed; no default.',
        examples: [['proxy-']],
      }),
      strategy: Type.Optional(
        Type.Union([strategy, Type.String()], {
          description: 'How to choose: { "type": … }, or the type alone. Default: "random".',
        }),
      ),
      fallbackTag: Type.Optional(
        Type.String({
          examples: ['direct'],
          description:
            'The tag of the outbound that is used while none of the others is alive. Default: none; connections are refused then.',
        }),
      ),
    },
    { additionalProperties: false, description: 'A group of outbounds to choose from.' },
  );
}

const domainStrategy = Type.Optional(
  Type.Unsafe<string>({
    type: 'string',
    enum: ['AsIs', 'IPIfNonMatch', 'IPOnDemand'],
    enumDescriptions: [
      'Names are never resolved: rules that look at IPs match only targets that are IPs.',
      'A name is resolved once no rule has matched it, and the rules are asked again with its IPs.',
      'A name is resolved as soon as a rule looks at the IP.',
    ],
    default: 'AsIs',
    fallback: 'AsIs',
    description:
      'Whether names are resolved for rules that look at IPs. "AsIs": never. "IPIfNonMatch": once no rule has matched the name. "IPOnDemand": as soon as a rule looks at the IP. Default "AsIs".',
  }),
);

export function routingSchema(rule: TSchema, balancer: TSchema): TSchema {
  const rules = Type.Optional(
    Type.Array(rule, {
      description:
        'The rules in order; the first that matches decides. What none matches goes to the first outbound. Default [].',
    }),
  );
  const balancers = Type.Optional(
    Type.Array(balancer, { description: 'Groups of outbounds to choose from, for `balancerTag`. Default [].' }),
  );
  return Type.Object(
    {
      domainStrategy,
      rules,
      balancers,
      domainMatcher: Type.Optional(
        Type.Unsafe<string>({
          type: 'string',
          enum: ['linear', 'mph', 'hybrid'],
          enumDescriptions: [
            "V2Ray's list. Has no effect.",
            "V2Ray's minimal perfect hash. Has no effect.",
            "V2Ray's older name of that. Has no effect.",
          ],
          fallback: 'linear',
          description:
            "V2Ray's way to search domains. Has no effect: there is one way, and it is fast. Default: that one.",
        }),
      ),
      strategy: Type.Optional(
        Type.String({
          deprecated: true,
          deprecationMessage: 'Has no effect: leave it out.',
          examples: ['rules'],
          description: 'Always "rules" in older configurations. Has no effect. Default: none.',
        }),
      ),
      settings: Type.Optional(
        Type.Object(
          { domainStrategy, rules, balancers },
          {
            additionalProperties: false,
            deprecated: true,
            deprecationMessage: 'Put what it holds into `routing` itself.',
            description: 'The older place of `rules`, `domainStrategy` and `balancers`. Default: none.',
          },
        ),
      ),
    },
    {
      additionalProperties: false,
      description: 'Which outbound takes which connection. Default: the first one takes all.',
    },
  );
}
