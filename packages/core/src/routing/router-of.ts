import { AssetFolders, type SluiceConfig } from '@sluice/config';
import type { Plugin, Resolver } from '@sluice/plugin-api';
import { Contributions } from '../registry/contributions.js';
import { compileRules } from './compile.js';
import { Router } from './router.js';

export interface RouterOfOptions {
  /** Where the rule types come from. */
  readonly plugins: readonly Plugin[];
  readonly resolver: Resolver;
}

/**
 * The router of a configuration by itself: nothing of an instance is made or opened.
 * @throws SluiceError E_REGISTRY_*, E_CONFIG_INVALID
 */
export function routerOf(config: SluiceConfig, { plugins, resolver }: RouterOfOptions): Router {
  const { ruleTypes } = new Contributions(plugins);
  const { rules, domainStrategy } = config.routing;
  const assets = new AssetFolders(config.assetFolders);
  return new Router({ rules: compileRules(rules, (type) => ruleTypes.get(type), assets), domainStrategy, resolver });
}
