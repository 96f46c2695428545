import { Buffer } from 'node:buffer';
import type { Secret } from '../secret.js';
import { backwardMaterial, keystream, proxyKey, type Keystream } from './ctr.js';
import { DC_OFFSET, framingOf, IV_OFFSET, KEY_OFFSET, TAG_OFFSET, type Framing } from './header.js';

/** A client's obfuscation, once its header has been opened with the right secret. */
export interface ClientLayer {
  readonly framing: Framing;
  /** The data centre's id as the client wrote it: negative for media, +10000 for test. */
  readonly dc: number;
  /** The keystream of what the client sends, positioned behind the header. */
  readonly up: Keystream;
  /** 32 bytes of key and 16 of IV of what the client expects to be sent. */
  readonly downMaterial: Buffer;
}

/** What a header says under a secret; undefined if it is not this secret's. */
export function openHeader(header: Buffer, secret: Secret): ClientLayer | undefined {
  const key = proxyKey(header.subarray(KEY_OFFSET, IV_OFFSET), secret.key);
  const up = keystream(key, header.subarray(IV_OFFSET, TAG_OFFSET));
  // The header counts in the keystream: the payload starts at position 64.
  const plain = up.update(header);
  const framing = framingOf(plain.readUInt32LE(TAG_OFFSET));
  if (framing === undefined) return undefined;
  const back = backwardMaterial(header);
  const downMaterial = Buffer.allocUnsafeSlow(back.length);
  downMaterial.set(proxyKey(back, secret.key), 0);
  downMaterial.set(back.subarray(32), 32);
  return { framing, dc: plain.readInt16LE(DC_OFFSET), up, downMaterial };
}
