import { randomBytes } from 'node:crypto';

/** One write of a source: large, so that the work per byte lies with the proxy between. */
export const WRITE_BYTES = 512 << 10;
const CHUNK = randomBytes(WRITE_BYTES);

/**
 * Writes the same bytes to the socket until it closes, as fast as it takes them.
 * @param {import('node:net').Socket} socket
 * @param {Buffer} [chunk] random ones, unless given
 */
export function pour(socket, chunk = CHUNK) {
  const next = (/** @type {Error | null | undefined} */ error) => {
    if (!error && !socket.destroyed) socket.write(chunk, next);
  };
  next(null);
}

/** Memory that all reads of a load process share: what arrives is counted, and looked at no more. */
export const READ_BUFFER = Buffer.allocUnsafeSlow(512 << 10);
