import { durationSchema, Type, type Static } from '@sluice/plugin-api';

const subjectSelector = Type.Optional(
  Type.Array(Type.String(), {
    maxItems: 1024,
    default: [],
    description:
      'How the tags of the outbounds to probe begin: "proxy-" for "proxy-1", "proxy-2". Default []: none is probed.',
    examples: [['proxy-']],
  }),
);

/** `observatory`: one probe of each outbound counts, the last. */
export const observatorySettings = Type.Object(
  {
    subjectSelector,
    probeURL: Type.Optional(
      Type.String({
        maxLength: 2048,
        default: 'https://api.v2fly.org/checkConnection.svgz',
        description:
          'What is asked for through each outbound: http: or https:. Any answer counts. Default "https://api.v2fly.org/checkConnection.svgz".',
        examples: ['https://www.google.com/generate_204'],
      }),
    ),
    probeInterval: Type.Optional(
      durationSchema({
        default: '10s',
        description: 'How often each outbound is probed, at least 100 ms: "10s", "1m30s". Default "10s".',
      }),
    ),
    enableConcurrency: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether all outbounds are probed at the same moment, instead of one after the other over the interval. Default false.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Probes outbounds, so that balancers know which of them live and how fast they answer. Default: nothing is probed.',
  },
);

export type ObservatorySettings = Static<typeof observatorySettings>;

const pingConfig = Type.Optional(
  Type.Object(
    {
      destination: Type.Optional(
        Type.String({
          maxLength: 2048,
          default: 'https://connectivitycheck.gstatic.com/generate_204',
          description:
            'What is asked for through each outbound: http: or https:. Any answer counts. Default "https://connectivitycheck.gstatic.com/generate_204".',
        }),
      ),
      connectivity: Type.Optional(
        Type.String({
          maxLength: 2048,
          default: '',
          examples: ['http://connectivitycheck.platform.hicloud.com/generate_204'],
          description:
            'What is asked for without any outbound when a probe has failed: if that fails too, the network is down, and no outbound is blamed. Default "": not asked.',
        }),
      ),
      interval: Type.Optional(
        durationSchema({
          default: '1m',
          description: 'How often each outbound is probed, at least 100 ms. Default "1m".',
        }),
      ),
      sampling: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 1000,
          default: 10,
          unit: 'probes',
          description: 'How many probes of each outbound are kept. 0 means 10. Default 10.',
        }),
      ),
      timeout: Type.Optional(
        durationSchema({ default: '5s', description: 'How long a probe may take. Default "5s".' }),
      ),
      httpMethod: Type.Optional(
        Type.Unsafe<'HEAD' | 'GET'>({
          type: 'string',
          enum: ['HEAD', 'GET'],
          enumDescriptions: ['Asks for the head of the answer alone.', 'Asks for the whole answer.'],
          default: 'HEAD',
          description: 'How it is asked: "HEAD" or "GET". Default "HEAD".',
        }),
      ),
    },
    { additionalProperties: false, default: {}, description: 'How outbounds are probed. Default {}.' },
  ),
);

/** `burstObservatory`: the last probes of each outbound count together. */
export const burstSettings = Type.Object(
  { subjectSelector, pingConfig },
  {
    additionalProperties: false,
    description:
      'Probes outbounds and keeps several results of each, so that balancers know how evenly they answer. Default: nothing is probed.',
  },
);

export type BurstSettings = Static<typeof burstSettings>;

/** `multiObservatory`: several of them. */
export const multiSettings = Type.Object(
  {
    observers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            tag: Type.Optional(
              Type.String({
                default: '',
                examples: ['burst'],
                description: 'Has no effect: what any of them finds counts. Default "".',
              }),
            ),
            type: Type.Optional(
              Type.Unsafe<'default' | 'burst'>({
                type: 'string',
                enum: ['default', 'burst'],
                enumDescriptions: [
                  'As `observatory`: the last probe counts.',
                  'As `burstObservatory`: the last probes count together.',
                ],
                default: 'default',
                description: 'Which settings these are: "default" as `observatory` has, or "burst". Default "default".',
              }),
            ),
            settings: Type.Optional(
              Type.Union([observatorySettings, burstSettings], {
                default: {},
                description: 'The settings of `observatory` or `burstObservatory`. Default {}.',
              }),
            ),
          },
          { additionalProperties: false, description: 'One of them.' },
        ),
        { maxItems: 64, default: [], description: 'The observatories. Default [].' },
      ),
    ),
  },
  {
    additionalProperties: false,
    description: 'Several observatories, for outbounds that are to be probed in different ways. Default: none.',
  },
);

export type MultiSettings = Static<typeof multiSettings>;
