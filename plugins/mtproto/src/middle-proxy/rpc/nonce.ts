import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { packetType } from './packet-type.js';
import { checkRefusal } from './refusal.js';

/** `type | first word of the secret | scheme | unix time u32 | nonce 16` */
const KEY_AT = 4;
const SCHEME_AT = 8;
const TIME_AT = 12;
const NONCE_AT = 16;
const LENGTH = 32;

/** AES-256-CBC with keys made of the shared secret and both nonces. */
const SCHEME_AES = 1;

/** The middle proxies do not talk to a peer whose clock is further off, in seconds. */
const MAX_SKEW = 30;

/** What either side of a new connection says first. */
export interface Nonce {
  /** 16 random bytes. */
  readonly nonce: Buffer;
  /** Unix time in seconds. */
  readonly time: number;
}

export function encodeNonce({ nonce, time }: Nonce, secret: Buffer): Buffer {
  const body = Buffer.alloc(LENGTH);
  body.writeUInt32LE(packetType.nonce, 0);
  secret.copy(body, KEY_AT, 0, SCHEME_AT - KEY_AT);
  body.writeUInt32LE(SCHEME_AES, SCHEME_AT);
  body.writeUInt32LE(time, TIME_AT);
  nonce.copy(body, NONCE_AT);
  return body;
}

/**
 * The middle proxy's nonce, checked against what we said.
 * @throws SluiceError E_PROTOCOL, E_AUTH
 */
export function decodeNonce(body: Buffer, ours: Nonce, secret: Buffer): Nonce {
  checkRefusal(body);
  if (body.length !== LENGTH || body.readUInt32LE(0) !== packetType.nonce) {
    throw new SluiceError('E_PROTOCOL', 'the middle proxy did not begin with a nonce');
  }
  // The word only names the secret: it is sent in the clear.
  if (!body.subarray(KEY_AT, SCHEME_AT).equals(secret.subarray(0, SCHEME_AT - KEY_AT))) {
    throw new SluiceError('E_AUTH', 'the middle proxy knows another secret than ours');
  }
  if (body.readUInt32LE(SCHEME_AT) !== SCHEME_AES) {
    throw new SluiceError('E_PROTOCOL', 'the middle proxy asks for another encryption than AES');
  }
  const time = body.readUInt32LE(TIME_AT);
  const skew = Math.abs(time - ours.time);
  if (skew > MAX_SKEW) {
    throw new SluiceError('E_AUTH', `this machine's clock and the middle proxy's are ${skew} seconds apart`);
  }
  return { nonce: Buffer.from(body.subarray(NONCE_AT)), time };
}
