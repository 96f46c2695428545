import { CONTRIBUTION_KINDS, type Plugin } from './plugin.js';

/** What a schema file says of a contribution without options. */
export interface ContributionOutline {
  /** One sentence for completion and docs. */
  readonly description: string;
}

/** What a schema file says of a contribution with options. */
export interface ContributionSchema extends ContributionOutline {
  /** The JSON Schema (draft-07) of its options, complete in itself: without `$ref` and `$id`. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/**
 * What editors need to know of a plugin, as JSON: the content of the file that `"sluice": { "schema": … }` in its
 * package.json names, from which its part of a configuration is completed and checked without running it. Names are
 * those of `Plugin`. Made by `schemaFileOf`, or by `sluice schema --of`.
 */
export interface PluginSchemaFile {
  /** As `Plugin.name`. */
  readonly name: string;
  /** As `Plugin.version`. */
  readonly version: string;
  /** As `Plugin.apiVersion`. */
  readonly apiVersion: number;
  /** As `Plugin.description`. */
  readonly description: string;
  /** As `Plugin.inbounds`. */
  readonly inbounds?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.outbounds`. */
  readonly outbounds?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.transports`. */
  readonly transports?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.securities`. */
  readonly securities?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.ruleTypes`. */
  readonly ruleTypes?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.ruleMatchers`. */
  readonly ruleMatchers?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.services`. */
  readonly services?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.balancerStrategies`. */
  readonly balancerStrategies?: Readonly<Record<string, ContributionSchema>>;
  /** As `Plugin.sniffers`. */
  readonly sniffers?: Readonly<Record<string, ContributionOutline>>;
  /** As `Plugin.dnsServers`. */
  readonly dnsServers?: Readonly<Record<string, ContributionOutline>>;
}

/**
 * The plugin's schema file, for its build to write:
 * `writeFileSync('schema.json', JSON.stringify(schemaFileOf(plugin), null, 2))`.
 * Pure: the same plugin gives the same file, so a test can hold the one that is there equal to it.
 */
export function schemaFileOf(plugin: Plugin): PluginSchemaFile {
  const { name, version, apiVersion, description } = plugin;
  const file: Record<string, unknown> = { name, version, apiVersion, description };
  const put = (kind: string, group: Readonly<Record<string, ContributionOutline>> = {}): void => {
    const entries = Object.entries(group);
    if (entries.length > 0) file[kind] = Object.fromEntries(entries.map(([key, each]) => [key, outlineOf(each)]));
  };
  for (const kind of CONTRIBUTION_KINDS) put(kind, plugin[kind]);
  // As JSON: the marks that schemas carry for TypeScript stay behind.
  return JSON.parse(JSON.stringify(file)) as PluginSchemaFile;
}

function outlineOf(contribution: ContributionOutline & { readonly schema?: unknown }): unknown {
  const { description, schema } = contribution;
  return schema === undefined ? { description } : { description, schema };
}
