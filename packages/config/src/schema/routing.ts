import { Type, type TSchema } from '@sluice/plugin-api';

/** An entry of `routing.rules`; its other fields are its type's. */
export const ruleSchema = Type.Object(
  {
    type: Type.String({ description: 'The kind of rule: "field". Needed; no default.', examples: ['field'] }),
    outboundTag: Type.Optional(
      Type.String({ description: 'The tag of the outbound that takes what matches. Needed; no default.' }),
    ),
    balancerTag: Type.Optional(
      Type.String({
        description: 'The tag of the balancer that chooses an outbound. Not available yet. Default: none.',
      }),
    ),
  },
  { additionalProperties: true, description: 'A rule: what it matches, and which outbound takes it.' },
);

const domainStrategy = Type.Optional(
  Type.Unsafe<string>({
    type: 'string',
    enum: ['AsIs', 'IPIfNonMatch', 'IPOnDemand'],
    default: 'AsIs',
    fallback: 'AsIs',
    description:
      'Whether names are resolved for rules that look at IPs. "AsIs": never. "IPIfNonMatch": once no rule has matched the name. "IPOnDemand": as soon as a rule looks at the IP. Default "AsIs".',
  }),
);

export function routingSchema(rule: TSchema): TSchema {
  const rules = Type.Optional(
    Type.Array(rule, {
      description:
        'The rules in order; the first that matches decides. What none matches goes to the first outbound. Default [].',
    }),
  );
  const balancers = Type.Optional(
    Type.Array(Type.Unsafe({ type: 'object' }), {
      description: 'Groups of outbounds to choose from. Not available yet. Default [].',
    }),
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
          fallback: 'linear',
          description:
            "V2Ray's way to search domains. Has no effect: there is one way, and it is fast. Default: that one.",
        }),
      ),
      strategy: Type.Optional(
        Type.String({
          deprecated: true,
          description: 'Always "rules" in older configurations. Has no effect. Default: none.',
        }),
      ),
      settings: Type.Optional(
        Type.Object(
          { domainStrategy, rules, balancers },
          {
            additionalProperties: false,
            deprecated: true,
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
