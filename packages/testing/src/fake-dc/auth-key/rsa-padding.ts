import { createHash } from 'node:crypto';
import { decryptIge, xor } from './ige.js';

/** How a client padded what it encrypted with RSA: SHA-1 before it (the old way), or RSA_PAD. */
export type RsaPadding = 'sha1' | 'rsa-pad';

export interface OpenedRsa {
  readonly padding: RsaPadding;
  /** The object, with random bytes after it. */
  readonly data: Buffer;
}

const blockLength = 256;
const dataLength = 192;
const hashLength = 20;

/**
 * Takes off whichever padding it is. `block`: 256 bytes out of RSA. `lengthOf`: how many of the bytes are the object,
 * as the old padding's hash is over that alone. undefined: neither padding's hash fits.
 */
export function openRsaPadding(block: Buffer, lengthOf: (data: Buffer) => number): OpenedRsa | undefined {
  if (block.length !== blockLength) return undefined;
  const data = openRsaPad(block);
  if (data !== undefined) return { padding: 'rsa-pad', data };
  const old = openSha1Padding(block, lengthOf);
  return old === undefined ? undefined : { padding: 'sha1', data: old };
}

/** core.telegram.org/mtproto/auth_key, RSA_PAD: key ^ SHA256(sealed), then sealed = IGE(reversed data, SHA256(key, data)). */
function openRsaPad(block: Buffer): Buffer | undefined {
  const sealed = block.subarray(32);
  const key = xor(block.subarray(0, 32), createHash('sha256').update(sealed).digest());
  const opened = decryptIge(key, Buffer.alloc(32), sealed);
  const data = Buffer.from(opened.subarray(0, dataLength)).reverse();
  const hash = createHash('sha256').update(key).update(data).digest();
  return hash.equals(opened.subarray(dataLength)) ? data : undefined;
}

/** A zero byte, SHA-1 of the object, the object, random bytes. */
function openSha1Padding(block: Buffer, lengthOf: (data: Buffer) => number): Buffer | undefined {
  if (block[0] !== 0) return undefined;
  const data = block.subarray(1 + hashLength);
  let length: number;
  try {
    length = lengthOf(data);
  } catch {
    return undefined;
  }
  const hash = createHash('sha1').update(data.subarray(0, length)).digest();
  return hash.equals(block.subarray(1, 1 + hashLength)) ? data : undefined;
}
