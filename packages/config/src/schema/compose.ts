import { Type, type Plugin, type TSchema } from '@sluice/plugin-api';
import { PluginContributions, type Named } from '../contributions.js';
import { inboundSchema } from './inbound.js';
import type { JsonSchema } from './json-schema.js';
import { outboundSchema } from './outbound.js';
import { rootSchema } from './root.js';
import { balancerSchema, ruleSchema, strategySchema } from './routing.js';

type Described = Named<{ readonly description: string; readonly schema: TSchema }>;

/**
 * One draft-07 schema of everything that a configuration may hold with these plugins, for editors
 * and docs: the names of protocols and rule types as an enum, what belongs to each as if/then.
 */
export function composeSchema({ plugins }: { readonly plugins: readonly Plugin[] }): JsonSchema {
  const contributions = new PluginContributions(plugins);
  const ref = (name: string): TSchema => Type.Unsafe({ $ref: `#/definitions/${name}` });
  const services = Object.fromEntries(
    [...contributions.services.values()].map(({ name, contribution }) => [name, contribution.schema]),
  );
  const root = plain(
    rootSchema({
      inbound: ref('inbound'),
      outbound: ref('outbound'),
      rule: ref('rule'),
      balancer: ref('balancer'),
      services,
    }),
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Sluice configuration',
    ...root,
    definitions: {
      inbound: chosenBy('protocol', inboundSchema, contributions.inbounds, settingsOf),
      outbound: chosenBy('protocol', outboundSchema, contributions.outbounds, settingsOf),
      rule: chosenBy('type', ruleSchema, contributions.ruleTypes, (schema) => schema),
      balancer: plain(balancerSchema(ref('strategy'))),
      strategy: chosenBy('type', strategySchema, contributions.balancerStrategies, settingsOf),
    },
  };
}

function settingsOf(schema: JsonSchema): JsonSchema {
  const needed = (schema.required ?? []).length > 0;
  return { properties: { settings: schema }, ...(needed ? { required: ['settings'] } : {}) };
}

function chosenBy(
  key: string,
  base: TSchema,
  known: ReadonlyMap<string, Described>,
  part: (schema: JsonSchema) => JsonSchema,
): JsonSchema {
  const entry = plain(base);
  if (known.size === 0) return entry;
  const named = [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const choice = {
    ...entry.properties?.[key],
    enum: named.map(({ name }) => name),
    enumDescriptions: named.map(({ contribution }) => contribution.description),
  };
  return {
    ...entry,
    properties: { ...entry.properties, [key]: choice },
    allOf: named.map(({ name, contribution }) => ({
      if: { properties: { [key]: { const: name } }, required: [key] },
      then: part(withoutDefaulted(plain(contribution.schema))),
    })),
  };
}

/** As JSON: TypeBox's symbols stay behind. */
function plain(schema: TSchema): JsonSchema {
  return withoutDefaulted(JSON.parse(JSON.stringify(schema)) as JsonSchema);
}

/** What has a default need not be written, so an editor must not ask for it. */
function withoutDefaulted<T>(schema: T): T {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((part: unknown) => withoutDefaulted(part)) as T;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withoutDefaulted(value as unknown)]),
  ) as JsonSchema;
  if (!Array.isArray(copy.required) || copy.properties === undefined) return copy as T;
  const { properties } = copy;
  const { required, ...rest } = copy;
  const needed = required.filter((key: string) => properties[key]?.default === undefined);
  return (needed.length === 0 ? rest : { ...rest, required: needed }) as T;
}
