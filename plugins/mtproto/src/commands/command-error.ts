import { SluiceError } from '@sluice/plugin-api';

/** A command was asked for something that it cannot do; the message says what to ask for instead. */
export function commandError(message: string): SluiceError {
  return new SluiceError('E_MTPROTO_COMMAND', message);
}
