import type { Buffer } from 'node:buffer';
import { SluiceError, type HandshakeReader, type Link } from '@sluice/plugin-api';
import { readFirstFlight, type HostProfile } from './host-profile.js';
import { KeySharePool } from './key-share-pool.js';
import { probeHello } from './probe-hello.js';

/** A server that has sent nothing for so long, in ms, has sent its first flight. */
const SILENCE_MS = 500;
/** All of it may take so long, in ms. */
const LIMIT_MS = 10_000;
/** Longer than any first flight, in bytes. */
const MAX_FLIGHT = 48 * 1024;

/** Makes each share when it is asked for: measurements are rare. */
const shares = new KeySharePool(0);

/**
 * Asks a server as a browser would and sums up what it answers before the client speaks again. The
 * link is of no use afterwards; its owner closes it, which also ends the waiting.
 * @returns undefined if that is no flight of TLS 1.3 with a key exchange that Telegram's clients offer
 * @throws SluiceError E_HANDSHAKE_TIMEOUT, or the link's errors, if nothing comes at all
 */
export async function measureFlight(link: Link, name: string): Promise<HostProfile | undefined> {
  const { reader } = link;
  link.write(probeHello(name, shares));
  const endAt = performance.now() + LIMIT_MS;
  let seen = await moreThan(reader, 0, LIMIT_MS);
  for (let more = seen; more > 0 && seen < MAX_FLIGHT && performance.now() < endAt;) {
    seen = more;
    // Silent, or closed: that was all.
    more = await moreThan(reader, seen, SILENCE_MS).catch(() => 0);
  }
  const profile = readFirstFlight(reader.buffered);
  return typeof profile === 'string' ? undefined : profile;
}

/** How many bytes there are once there are more than that. */
async function moreThan(reader: HandshakeReader, seen: number, ms: number): Promise<number> {
  const silent = new SluiceError('E_HANDSHAKE_TIMEOUT', 'it did not answer a TLS hello in time');
  const timer = setTimeout(() => reader.giveUp(silent), ms);
  try {
    return (await reader.inspect((bytes: Buffer) => bytes.length > seen)).length;
  } finally {
    clearTimeout(timer);
  }
}
