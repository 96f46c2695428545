import type { DataPlane, Link } from '@sluice/plugin-api';

const LINGER_MS = 2000;
const LINGER_BYTES = 256 * 1024;

/**
 * Ends our direction and waits shortly for the client to close. Closing at once, with bytes of the
 * client unread, would make the system reset the connection and the client lose the last message.
 */
export async function linger(plane: DataPlane, link: Link): Promise<void> {
  link.end();
  const timer = plane.timers.after(LINGER_MS, () => link.destroy());
  try {
    for (let read = 0; read < LINGER_BYTES;) {
      const { length } = await link.reader.readSomeOrEnd();
      if (length === 0) return;
      read += length;
    }
  } catch {
    // The client is gone: nobody is left to wait for.
  } finally {
    plane.timers.cancel(timer);
  }
}
