import { randomBytes } from 'node:crypto';

/** One write of a source: large, so that the work per byte lies with the proxy between. */
const CHUNK = randomBytes(512 << 10);

/**
 * Writes the same random bytes to the socket until it closes, as fast as it takes them.
 * @param {import('node:net').Socket} socket
 */
export function pour(socket) {
  const next = (/** @type {Error | null | undefined} */ error) => {
    if (!error && !socket.destroyed) socket.write(CHUNK, next);
  };
  next(null);
}

/** Memory that all reads of a load process share: what arrives is counted, and looked at no more. */
export const READ_BUFFER = Buffer.allocUnsafeSlow(512 << 10);
