import type { AssetFiles, ContributedNames, ProblemDetails, ProblemReporter, TSchema } from '@sluice/plugin-api';
import type { Named } from '../contributions.js';
import type { DiagnosticCode } from '../diagnostics/catalogue.js';
import type { ProblemDetails as ToldDetails } from '../diagnostics/problems.js';
import { fillDefaults } from '../normalise/defaults.js';
import { normalise, type NormaliseOptions } from '../normalise/normalise.js';
import type { KeptValue } from '../load-cache.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { placeAt, toValue, type ConfigNode } from '../source/node.js';
import { validate } from '../validation/validate.js';
import type { EntryContext } from './context.js';
import { deepFreeze } from './frozen.js';

interface Contribution {
  readonly schema: TSchema;
  check?(value: unknown, problems: ProblemReporter, assets: AssetFiles, names: ContributedNames): void;
}

/** A plugin may be of a later version, with codes that are not known here. */
function codeOf(code: ProblemDetails['code']): DiagnosticCode {
  return code === 'C_DUPLICATE_USER' || code === 'C_CERTIFICATE' ? code : 'C_CHECK';
}

export interface ContributedOptions extends NormaliseOptions {
  /** Equal for parts that mean the same: what was read before need not be read again. */
  readonly written?: string | undefined;
}

/** Knows whether files were asked for. */
class WatchedAssets implements AssetFiles {
  wereRead = false;

  constructor(readonly assets: AssetFiles) {}

  read(name: string): Uint8Array {
    this.wereRead = true;
    return this.assets.read(name);
  }
}

/**
 * The part of an entry that a plugin shapes: brought into its schema's form, completed, validated,
 * checked by the plugin, and frozen.
 * @returns undefined if the part has errors; a plugin's own faults are reported like them
 */
export function readContributed(
  node: ConfigNode,
  { contribution, name, plugin }: Named<Contribution>,
  context: EntryContext,
  { written, ...options }: ContributedOptions = {},
): KeptValue | undefined {
  const { problems, validator, cache } = context;
  const kept = written === undefined ? undefined : cache?.find(contribution, written);
  if (kept !== undefined) return kept;
  const schema = contribution.schema as JsonSchema;
  const assets = new WatchedAssets(context.assets);
  const before = problems.count;
  try {
    const complete = fillDefaults(normalise(node, schema, problems, options), schema);
    if (!validate(complete, schema, validator, problems)) return undefined;
    const value = deepFreeze(toValue(complete));
    let failed = false;
    const details = ({ found, expected, suggestion, related = [] }: ProblemDetails): ToldDetails => ({
      found,
      expected,
      suggestion,
      related: related.map(({ path, message }) => ({ place: placeAt(complete, path).place, message })),
    });
    const reporter: ProblemReporter = {
      error(path, message, more = {}) {
        failed = true;
        problems.error(codeOf(more.code), placeAt(complete, path).place, message, details(more));
      },
      warning(path, message, more = {}) {
        problems.warning(codeOf(more.code), placeAt(complete, path).place, message, details(more));
      },
    };
    const names = { dnsServers: [...context.contributions.dnsServers.values()].map((server) => server.name) };
    contribution.check?.(value, reporter, assets, names);
    if (failed) return undefined;
    // Data files may change while the configuration does not.
    if (written !== undefined && problems.count === before && !assets.wereRead)
      cache?.keep(contribution, written, { value });
    return { value };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.error('C_PLUGIN', node.place, `the plugin "${plugin}" failed to look at this part of "${name}": ${why}`);
    return undefined;
  }
}
