import { Buffer } from 'node:buffer';
import { PROOF_LENGTH } from '../fake-tls/digest.js';
import { IV_OFFSET, KEY_OFFSET } from '../obfuscation/header.js';

/** The first byte of a key says of which kind it is, so that no two kinds' keys are ever equal. */
const HELLO = 1;
const HEADER = 2;

/**
 * What a fake TLS hello is remembered by: the part of its random that stands for all of it. The last
 * four bytes do not: they are the digest's with the time XORed in, so that whoever has recorded a
 * hello can move it to the present by changing them, without the secret.
 * @param random the hello's random field, 32 bytes
 */
export function helloReplayKey(random: Uint8Array): Buffer {
  return tagged(HELLO, random.subarray(0, PROOF_LENGTH));
}

/**
 * What an obfuscated2 header is remembered by: the 32 bytes that its AES key is made from. The IV is
 * left out: the cipher counts on from it, so that whoever has recorded a connection and guesses some
 * of what was said in it can raise the IV by one and write a header that opens. The noise before and
 * the tag behind can be changed as well.
 * @param header 64 bytes as they were received
 */
export function headerReplayKey(header: Uint8Array): Buffer {
  return tagged(HEADER, header.subarray(KEY_OFFSET, IV_OFFSET));
}

function tagged(kind: number, bytes: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(1 + bytes.length);
  key[0] = kind;
  key.set(bytes, 1);
  return key;
}
