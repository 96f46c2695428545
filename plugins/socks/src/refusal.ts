import type { Buffer } from 'node:buffer';
import type { DataPlane, Link } from '@sluice/plugin-api';

const LINGER_MS = 1000;
const LINGER_BYTES = 256 * 1024;

/**
 * Sends a last message and waits shortly for the client to close. Closing at once, with bytes of
 * the client unread, would make the system reset the connection and the client lose the message.
 */
export async function refuse(plane: DataPlane, link: Link, message: Buffer): Promise<void> {
  link.write(message);
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
