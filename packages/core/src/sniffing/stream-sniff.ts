import { SluiceError, type DataPlane, type Destination, type Link, type Sniffed } from '@sluice/plugin-api';
import type { Sniffing } from './sniffing.js';

/** How long a client that says nothing is waited for, as V2Ray does, in ms. */
const SILENCE_MS = 200;
/** The most that is looked at; a TLS hello with many key shares has 2 KiB. */
const MAX_BYTES = 32 * 1024;
/** Ports on which the server speaks first: FTP, SSH, Telnet, SMTP, POP3, IMAP, MySQL, RFB. */
const SERVER_FIRST = new Set([21, 22, 23, 25, 110, 143, 587, 3306, 5900]);

const OVER = new SluiceError('E_HANDSHAKE_TIMEOUT', 'the client has said nothing to sniff');

/**
 * Looks at what a client says first, all of which stays in the link's reader. Never fails: a client
 * that is silent, gone or not understood is one of which nothing is known.
 */
export async function sniffStream(
  sniffing: Sniffing,
  link: Link,
  to: Destination,
  plane: DataPlane,
): Promise<Sniffed | undefined> {
  const { reader } = link;
  if (SERVER_FIRST.has(to.port) && reader.buffered.length === 0) return undefined;
  let verdict = sniffing.look([reader.buffered], 'tcp');
  if (verdict !== 'more') return verdict === 'no' ? undefined : verdict;
  const timer = plane.timers.after(SILENCE_MS, () => reader.giveUp(OVER));
  try {
    await reader.inspect((bytes) => {
      if (bytes.length === 0) return false;
      verdict = sniffing.look([bytes], 'tcp');
      return verdict !== 'more' || bytes.length >= MAX_BYTES;
    });
  } catch {
    // Too slow, or at its end: what has come stays for the relay, which meets the rest.
  } finally {
    plane.timers.cancel(timer);
  }
  return verdict === 'more' || verdict === 'no' ? undefined : verdict;
}
