import { SluiceError } from '@sluice/plugin-api';
import { askControlSocket, defaultControlPath } from '../running/control-socket.js';
import { describe } from '../running/running-core.js';

export interface ReloadOptions {
  readonly control?: string;
}

/** `sluice reload`: has a running core read its configuration anew. @returns the exit code */
export async function reload(options: ReloadOptions): Promise<number> {
  const path = options.control ?? defaultControlPath;
  if (path === undefined)
    throw new SluiceError(
      'E_UNSUPPORTED',
      'name the control socket of the core with --control or SLUICE_CONTROL; without one, send it SIGHUP',
    );
  process.stdout.write(`${describe(await askControlSocket(path, { command: 'reload' }))}\n`);
  return 0;
}
