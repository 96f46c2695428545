import { Type, type TSchema } from '@sluice/plugin-api';
import { logSchema } from './log.js';
import { policySchema } from './policy.js';
import { routingSchema } from './routing.js';
import { transportParts } from './stream.js';

/** The schemas of the entries that plugins shape. */
export interface EntrySchemas {
  readonly inbound: TSchema;
  readonly outbound: TSchema;
  readonly rule: TSchema;
  readonly balancer: TSchema;
  /** Of the values of the services' keys. */
  readonly services: Readonly<Record<string, TSchema>>;
}

/** Parts of V2Ray that are known by name: what they hold is not looked at unless a service is there for it. */
const knownServices: Readonly<Record<string, string>> = {
  dns: 'Name servers of V2Ray. Not available here: names are resolved by the system.',
  api: "V2Ray's gRPC interface. Not available here.",
  reverse: "V2Ray's reverse proxy. Not available here.",
  fakedns: "V2Ray's made-up DNS answers. Not available here.",
  observatory: "V2Ray's probing of outbounds. Not available here.",
  burstObservatory: "V2Ray's probing of outbounds, several times in a row. Not available here.",
  multiObservatory: "V2Ray's probing of outbounds in groups. Not available here.",
  browserForwarder: "V2Ray's connections through a browser. Has no effect.",
  services: "Services of V2Ray's plugins. Has no effect.",
};

function serviceKeys(services: Readonly<Record<string, TSchema>>): Record<string, TSchema> {
  const keys: Record<string, TSchema> = {};
  for (const [key, description] of Object.entries(knownServices))
    keys[key] = Type.Optional(Type.Unsafe({ description: `${description} Default: none.`, examples: [{}] }));
  for (const [key, schema] of Object.entries(services)) keys[key] = Type.Optional(schema);
  return keys;
}

/** The schema of a whole configuration. Every key has its meaning, unit and default in its description. */
export function rootSchema({ inbound, outbound, rule, balancer, services }: EntrySchemas): TSchema {
  const older = (schema: TSchema, list: string): TSchema =>
    Type.Optional(
      Type.Unsafe({
        allOf: [schema],
        type: 'object',
        deprecated: true,
        deprecationMessage: `Make it the first entry of \`${list}\`.`,
        description: `The older form of the first entry of \`${list}\`. Default: none.`,
      }),
    );
  return Type.Object(
    {
      $schema: Type.Optional(
        Type.String({
          description: 'The schema that editors check this file by. Not read. Default: none.',
          examples: ['./sluice.schema.json'],
        }),
      ),
      plugins: Type.Optional(
        Type.Array(Type.String(), {
          description:
            'Plugins beside the built-in ones: names of installed packages, or paths that begin with "./", "../" or "/", looked for from this file. They run with all rights of the program. Default [].',
          examples: [['sluice-plugin-x', './local.js']],
        }),
      ),
      log: Type.Optional(logSchema),
      inbounds: Type.Optional(Type.Array(inbound, { description: 'Where clients connect. Default [].' })),
      outbounds: Type.Optional(
        Type.Array(outbound, {
          description: 'The ways that connections leave by. The first one takes what no rule names. Default [].',
        }),
      ),
      routing: Type.Optional(routingSchema(rule, balancer)),
      policy: Type.Optional(policySchema),
      stats: Type.Optional(
        Type.Object(
          {},
          {
            additionalProperties: false,
            description:
              'Turns counters on by being there: {}. What is counted is said in `policy`. Default: nothing is counted.',
          },
        ),
      ),
      transport: Type.Optional(
        Type.Object(transportParts, {
          additionalProperties: false,
          description:
            "Settings of transports for all handlers. Has no effect yet: set them in each handler's `streamSettings`. Default: none.",
        }),
      ),
      ...serviceKeys(services),
      port: Type.Optional(
        Type.Union([Type.Integer(), Type.String()], {
          deprecated: true,
          deprecationMessage: 'Write `port` into the inbound.',
          unit: 'port',
          examples: [1080],
          description: "The older place of the first inbound's `port`, from 1 to 65535. Default: none.",
        }),
      ),
      inbound: older(inbound, 'inbounds'),
      outbound: older(outbound, 'outbounds'),
      inboundDetour: Type.Optional(
        Type.Array(inbound, {
          deprecated: true,
          deprecationMessage: 'Put the entries into `inbounds`.',
          description: 'The older form of more entries of `inbounds`. Default [].',
        }),
      ),
      outboundDetour: Type.Optional(
        Type.Array(outbound, {
          deprecated: true,
          deprecationMessage: 'Put the entries into `outbounds`.',
          description: 'The older form of more entries of `outbounds`. Default [].',
        }),
      ),
    },
    { additionalProperties: false, description: 'A configuration of Sluice, in the form of V2Ray v4.' },
  );
}
