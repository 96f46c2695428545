import { Type, type ContributionSchema, type PluginSchemaFile, type TSchema } from '@sluice/plugin-api';
import { collect, type Named } from '../contributions.js';
import { BY_ADDRESS, OTHER_NAMES } from '../entries/sniffing.js';
import { withMatchersOf } from '../rule-matchers.js';
import { closed } from './closed.js';
import { withEditorHelp } from './editor-help.js';
import { inboundSchema } from './inbound.js';
import type { JsonSchema } from './json-schema.js';
import { outboundSchema } from './outbound.js';
import { rootSchema } from './root.js';
import { balancerSchema, ruleSchema, strategySchema } from './routing.js';
import { fieldRuleSnippets, inboundSnippets, outboundSnippets } from './snippets.js';
import { NO_LAYERS, streamSchema, type LayerSchema } from './stream.js';
import { mapSubschemas } from './subschemas.js';

export interface ComposeOptions {
  /** Plugins themselves, or what their schema files say. */
  readonly plugins: readonly PluginSchemaFile[];
  /** Whether names that none of them has are to be allowed, because there are others of whom nothing is known. */
  readonly isOpen?: boolean;
  /** A URI for `$id`. Default: none. */
  readonly id?: string;
}

type Known = readonly Named<ContributionSchema>[];

/**
 * One draft-07 schema of everything that a configuration may hold with these plugins, for editors
 * and docs: the names of protocols and rule types as an enum, what belongs to each as if/then. It asks for the
 * spelling of the docs, where the loader takes other cases and null, too.
 */
export function composeSchema({ plugins, isOpen = false, id }: ComposeOptions): JsonSchema {
  const sorted = <C>(of: (plugin: PluginSchemaFile) => Readonly<Record<string, C>> | undefined): Named<C>[] =>
    [...collect(plugins, of).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const inbounds = sorted((plugin) => plugin.inbounds);
  const outbounds = sorted((plugin) => plugin.outbounds);
  const rules = sorted((plugin) => plugin.ruleTypes).map((named) => ({
    ...named,
    contribution: withMatchersOf(named.name, named.contribution, plugins),
  }));
  const strategies = sorted((plugin) => plugin.balancerStrategies);
  const sniffers = sorted((plugin) => plugin.sniffers);
  const services = [...collect(plugins, (plugin) => plugin.services).values()];
  const root = replaced(
    plain(
      rootSchema({
        inbound: ref('inbound'),
        outbound: ref('outbound'),
        rule: ref('rule'),
        balancer: ref('balancer'),
        services: Object.fromEntries(services.map((named) => [named.name, Type.Unsafe(serviceSchema(named))])),
      }),
    ),
    ['port'],
    boundedPort,
  );
  const withPort = replaced(handler(inboundSchema(NO_LAYERS)), ['port'], boundedPort);
  const inbound = chosenBy('protocol', withSniffers(withPort, sniffers, isOpen), inbounds, isOpen);
  const strategy = chosenBy('type', plain(strategySchema), strategies, isOpen);
  const definitions = {
    inbound: { ...inbound, defaultSnippets: inboundSnippets(inbounds) },
    outbound: {
      ...chosenBy('protocol', handler(outboundSchema(NO_LAYERS)), outbounds, isOpen),
      defaultSnippets: outboundSnippets(outbounds),
    },
    stream: streamOf(
      sorted((plugin) => plugin.transports),
      sorted((plugin) => plugin.securities),
      isOpen,
    ),
    rule: {
      ...chosenBy('type', plain(ruleSchema), rules, isOpen, ruleOf),
      anyOf: [{ required: ['outboundTag'] }, { required: ['balancerTag'] }],
      ...(rules.some(({ name }) => name === 'field') ? { defaultSnippets: fieldRuleSnippets } : {}),
    },
    balancer: withStrategies(plain(balancerSchema(ref('strategy'))), strategy.properties?.type),
    strategy,
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...(id === undefined ? {} : { $id: id }),
    title: 'Sluice configuration',
    ...withEditorHelp({ ...root, ...(isOpen ? { additionalProperties: true } : {}), definitions }),
  };
}

function ref(name: string): TSchema {
  return Type.Unsafe({ $ref: `#/definitions/${name}` });
}

/** An inbound or outbound, whose `streamSettings` are long and the same. */
function handler(schema: TSchema): JsonSchema {
  const entry = plain(schema);
  return { ...entry, properties: { ...entry.properties, streamSettings: plain(ref('stream')) } };
}

/** `streamSettings`: names that nobody knows may be a plugin's of which nothing is known. */
function streamOf(transports: Known, securities: Known, isOpen: boolean): JsonSchema {
  const layers = (known: Known): LayerSchema[] =>
    known.map(({ name, contribution }) => ({
      name,
      description: contribution.description,
      settings: Type.Unsafe(layerSettings(name, contribution)),
    }));
  const stream = plain(streamSchema({ transports: layers(transports), securities: layers(securities) }));
  if (!isOpen) return stream;
  const open = (property: JsonSchema): JsonSchema => {
    const { enum: values, enumDescriptions, ...rest } = property;
    const known = { enum: values, enumDescriptions, markdownEnumDescriptions: enumDescriptions };
    return { ...rest, anyOf: [known as JsonSchema, { type: 'string' }] };
  };
  return { ...replaced(replaced(stream, ['network'], open), ['security'], open), additionalProperties: true };
}

function layerSettings(name: string, contribution: ContributionSchema): JsonSchema {
  const schema = contributed(contribution);
  return { ...schema, description: `${schema.description ?? `Settings of "${name}".`} Default {}.` };
}

/** What the loader finds out by reading it, as far as a schema can say it. */
function boundedPort(port: JsonSchema): JsonSchema {
  const text = {
    type: 'string',
    pattern: '^\\s*(env:.+|[0-9]{1,9}(\\s*-\\s*[0-9]{1,9})?)\\s*$',
    patternErrorMessage: 'a port, a range such as "1000-1010", or "env:NAME"',
  };
  return { ...port, anyOf: [{ type: 'integer', minimum: 1, maximum: 65535 }, text] };
}

function serviceSchema({ contribution }: Named<ContributionSchema>): JsonSchema {
  const schema = contributed(contribution);
  return { ...schema, description: schema.description ?? `${contribution.description} Default: none.` };
}

/** What plugins bring: closed, since the loader knows of no other keys. */
function contributed({ schema }: ContributionSchema): JsonSchema {
  return closed(plain(schema));
}

function settingsOf(schema: JsonSchema, { name, contribution }: Named<ContributionSchema>): JsonSchema {
  const needed = (schema.required ?? []).length > 0;
  const said = `What "${name}" needs to know. ${schema.description ?? contribution.description}`;
  const settings = { ...schema, description: needed ? said : `${said} Default {}.` };
  return { properties: { settings }, ...(needed ? { required: ['settings'] } : {}) };
}

/** A rule's own keys stand beside those of its type. */
function ruleOf(schema: JsonSchema): JsonSchema {
  if (schema.additionalProperties !== false) return schema;
  const own = Object.fromEntries(Object.keys(ruleSchema.properties).map((key) => [key, true]));
  return { ...schema, properties: { ...own, ...schema.properties } as Record<string, JsonSchema> };
}

function chosenBy(
  key: string,
  entry: JsonSchema,
  known: Known,
  isOpen: boolean,
  part: (schema: JsonSchema, named: Named<ContributionSchema>) => JsonSchema = settingsOf,
): JsonSchema {
  if (known.length === 0) return entry;
  return {
    ...entry,
    properties: { ...entry.properties, [key]: { ...entry.properties?.[key], ...namesOf(known, isOpen) } },
    allOf: known.map((named) => ({
      if: { properties: { [key]: { const: named.name } }, required: [key] },
      then: part(contributed(named.contribution), named),
    })),
  };
}

function namesOf(known: readonly Named<{ readonly description: string }>[], isOpen: boolean): JsonSchema {
  const names = {
    enum: known.map(({ name }) => name),
    enumDescriptions: known.map(({ contribution }) => contribution.description),
  };
  return isOpen
    ? { anyOf: [{ ...names, markdownEnumDescriptions: names.enumDescriptions }, { type: 'string' }] }
    : names;
}

/** Offers the sniffers' names in `sniffing.destOverride`. */
function withSniffers(
  entry: JsonSchema,
  sniffers: readonly Named<{ readonly description: string }>[],
  isOpen: boolean,
): JsonSchema {
  const other = Object.entries(OTHER_NAMES).map(([name, same]) => outline(name, `Another name of "${same}".`));
  const byAddress = BY_ADDRESS.map((name) => outline(name, 'The name that a made-up address stands for (`fakedns`).'));
  const items = { type: 'string', ...namesOf([...sniffers, ...byAddress, ...other], isOpen) };
  return replaced(entry, ['sniffing', 'destOverride'], (property) => ({
    ...property,
    anyOf: (property.anyOf ?? []).map((branch) => (branch.type === 'array' ? { ...branch, items } : branch)),
  }));
}

function outline(name: string, description: string): Named<{ readonly description: string }> {
  return { name, contribution: { description }, plugin: '' };
}

/** Offers the strategies' names where the type alone stands for a strategy. */
function withStrategies(balancer: JsonSchema, type: JsonSchema | undefined): JsonSchema {
  return replaced(balancer, ['strategy'], (property) => ({
    ...property,
    anyOf: (property.anyOf ?? []).map((branch) => (branch.type === 'string' ? (type ?? branch) : branch)),
  }));
}

function replaced(schema: JsonSchema, path: readonly string[], change: (part: JsonSchema) => JsonSchema): JsonSchema {
  const [key, ...rest] = path;
  if (key === undefined) return change(schema);
  const property = schema.properties?.[key];
  if (property === undefined) return schema;
  return { ...schema, properties: { ...schema.properties, [key]: replaced(property, rest, change) } };
}

/** As JSON: TypeBox's symbols stay behind. */
function plain(schema: unknown): JsonSchema {
  return withoutDefaulted(JSON.parse(JSON.stringify(schema)) as JsonSchema);
}

/** What has a default need not be written, so an editor must not ask for it. */
function withoutDefaulted(schema: JsonSchema): JsonSchema {
  const { required, ...rest } = mapSubschemas(schema, withoutDefaulted);
  const { properties } = rest;
  if (required === undefined || properties === undefined) return required === undefined ? rest : { ...rest, required };
  const needed = required.filter((key) => properties[key]?.default === undefined);
  return needed.length === 0 ? rest : { ...rest, required: needed };
}
