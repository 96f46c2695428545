import { lstat, unlink } from 'node:fs/promises';
import net from 'node:net';
import { dirname } from 'node:path';
import { errnoOf, SluiceError } from '../errors.js';

/** What fits into sockaddr_un beside the final NUL; 104 bytes in all on macOS and the BSDs, 108 elsewhere. */
const MAX_BYTES = process.platform === 'darwin' || process.platform.endsWith('bsd') ? 103 : 107;

/** "@name" stands for Linux's abstract namespace. */
export function unixPath(host: string): string {
  return host.startsWith('@') ? `\0${host.slice(1)}` : host;
}

/**
 * Node cuts a longer path off and listens elsewhere, and calls a missing folder a lack of permission.
 * @throws SluiceError E_LISTEN_FAILED
 */
export async function checkUnixPath(host: string): Promise<void> {
  if (Buffer.byteLength(unixPath(host)) > MAX_BYTES) {
    throw new SluiceError('E_LISTEN_FAILED', `the path of a Unix socket has at most ${MAX_BYTES} bytes: ${host}`);
  }
  if (host.startsWith('@')) return;
  const folder = dirname(host);
  const missing = await lstat(folder).then(
    () => false,
    (error: unknown) => errnoOf(error) === 'ENOENT',
  );
  if (missing) throw new SluiceError('E_LISTEN_FAILED', `${host}: the folder ${folder} does not exist`);
}

/**
 * Removes a socket's file that nobody listens on any more: a process that was killed leaves it behind, and
 * would find its own address in use for ever after.
 * @returns whether it was one, so that listening is worth another attempt
 */
export async function removeStaleSocket(host: string): Promise<boolean> {
  if (host.startsWith('@')) return false;
  try {
    if (!(await lstat(host)).isSocket() || (await isAnswered(host))) return false;
    await unlink(host);
    return true;
  } catch {
    return false;
  }
}

/** Anything but a refusal counts as an answer. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(errnoOf(error) !== 'ECONNREFUSED'));
  });
}
