import type { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';

/** In bytes, as Telegram's own proxy has it; today's secret has 128. */
const MIN_LENGTH = 32;
export const MAX_SECRET_LENGTH = 256;

/** The secret, if it can be one. @throws SluiceError E_PROTOCOL */
export function checkProxySecret(bytes: Buffer): Buffer {
  if (bytes.length < MIN_LENGTH || bytes.length > MAX_SECRET_LENGTH) {
    throw new SluiceError('E_PROTOCOL', `the middle proxies' secret cannot have ${bytes.length} bytes`);
  }
  return bytes;
}
