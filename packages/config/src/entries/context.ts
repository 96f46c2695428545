import type { AssetFiles } from '@sluice/plugin-api';
import type { PluginContributions } from '../contributions.js';
import type { Problems } from '../diagnostics/problems.js';
import type { LoadCache } from '../load-cache.js';
import type { Validator } from '../validation/validator.js';

/** What reading an entry needs. */
export interface EntryContext {
  readonly contributions: PluginContributions;
  readonly validator: Validator;
  readonly problems: Problems;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly assets: AssetFiles;
  /** What the last loading of the same configuration has left. */
  readonly cache?: LoadCache | undefined;
}
