import { ConfigError, loadObject } from '@sluice/config';
import { corePlugin } from './core-plugin.js';
import { Instance, type InstanceOptions } from './instance.js';

/**
 * An instance from a configuration object in V2Ray's form. Nothing is opened before `start()`.
 * @throws ConfigError E_CONFIG_INVALID with every diagnostic; SluiceError E_REGISTRY_*
 */
export function createInstance(config: unknown, options: InstanceOptions): Instance {
  const plugins = [corePlugin, ...options.plugins];
  const { config: valid, diagnostics } = loadObject(config, { plugins });
  if (valid === undefined) throw new ConfigError(diagnostics);
  return new Instance(valid, { ...options, plugins });
}
