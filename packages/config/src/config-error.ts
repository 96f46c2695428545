import { SluiceError } from '@sluice/plugin-api';
import type { Diagnostic } from './model.js';

/** A configuration that was refused, with everything that is wrong with it. */
export class ConfigError extends SluiceError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const shown = errors
      .slice(0, 5)
      .map(({ pointer, code, message }) => `${pointer === '' ? '/' : pointer}: ${message} (${code})`);
    const more = errors.length > shown.length ? `; and ${errors.length - shown.length} more` : '';
    super('E_CONFIG_INVALID', `the configuration is refused: ${shown.join('; ')}${more}`);
    this.diagnostics = diagnostics;
  }
}
