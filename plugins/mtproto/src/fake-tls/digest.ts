import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { RANDOM_AT, RANDOM_LENGTH } from './tls.js';

/** The digest's bytes that stand in the random as they are; the last four carry the time as well. */
export const PROOF_LENGTH = 28;

/** How far a client's clock may differ from ours, in seconds. */
export interface TimeWindow {
  readonly past: number;
  readonly future: number;
}

const zeroes = Buffer.alloc(RANDOM_LENGTH);

/**
 * The Unix time in seconds at which the hello was made, by the clock of a client that knows the
 * secret; undefined if it was made without. Takes the same time for both.
 * @param record the hello as one TLS record @param key 16 bytes
 */
export function helloTime(record: Buffer, key: Buffer): number | undefined {
  const digest = createHmac('sha256', key)
    .update(record.subarray(0, RANDOM_AT))
    .update(zeroes)
    .update(record.subarray(RANDOM_AT + RANDOM_LENGTH))
    .digest();
  const random = record.subarray(RANDOM_AT, RANDOM_AT + RANDOM_LENGTH);
  const isProven = timingSafeEqual(digest.subarray(0, PROOF_LENGTH), random.subarray(0, PROOF_LENGTH));
  const time = (digest.readUInt32LE(PROOF_LENGTH) ^ random.readUInt32LE(PROOF_LENGTH)) >>> 0;
  return isProven ? time : undefined;
}

/** Whether a client's time is within the window around ours. Both in Unix seconds. */
export function isTimely(clientTime: number, now: number, window: TimeWindow): boolean {
  return clientTime >= now - window.past && clientTime <= now + window.future;
}

/**
 * Writes the proof that the server knows the secret, too, into the random of its flight, which is
 * zero until then.
 */
export function sealFlight(flight: Buffer, clientRandom: Buffer, key: Buffer): void {
  createHmac('sha256', key).update(clientRandom).update(flight).digest().copy(flight, RANDOM_AT);
}
