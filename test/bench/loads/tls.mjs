/** Fake TLS as the generators need it: hellos and records made beforehand, and what comes looked at by its headers only. */
import { createHmac, randomBytes, randomFillSync } from 'node:crypto';
import { createClientHello } from '@sluice/testing';
import { clientOpening } from './header.mjs';

const RECORD_HEADER = 5;
const RANDOM_AT = 11;
const RANDOM_BYTES = 32;
const SESSION_ID_AT = RANDOM_AT + RANDOM_BYTES + 1;
const HANDSHAKE = 22;
const CHANGE_CIPHER_SPEC = 20;
const APPLICATION_DATA = 23;
const MAX_PAYLOAD = 16_384;

/**
 * Another hello: only session id and proof differ, as nothing else is looked at twice.
 * @param {Buffer} template
 * @param {Buffer} key 16 bytes
 */
function helloLike(template, key) {
  const record = Buffer.from(template);
  record.fill(0, RANDOM_AT, RANDOM_AT + RANDOM_BYTES);
  randomFillSync(record, SESSION_ID_AT, RANDOM_BYTES);
  const digest = createHmac('sha256', key).update(record).digest();
  digest.writeInt32LE(digest.readInt32LE(28) ^ Math.floor(Date.now() / 1000), 28);
  digest.copy(record, RANDOM_AT);
  return record;
}

/** @typedef {{hello: Buffer, opening: Buffer}} TlsOpening what a client writes first, and once it has been answered */

/**
 * @param {string} serverName
 * @returns {(key: Buffer, dc: number) => TlsOpening} each with a hello like TDLib's and a header of its own
 */
export function tlsOpeningMaker(serverName) {
  const template = createClientHello({ key: Buffer.alloc(16), serverName }).record;
  return (key, dc) => ({
    hello: helloLike(template, key),
    opening: Buffer.concat([
      recordOf(CHANGE_CIPHER_SPEC, Buffer.of(1)),
      recordOf(APPLICATION_DATA, clientOpening(key, dc)),
    ]),
  });
}

/**
 * @param {number} type
 * @param {Buffer} payload
 */
function recordOf(type, payload) {
  return Buffer.concat([Buffer.of(type, 3, 3, payload.length >> 8, payload.length & 0xff), payload]);
}

/**
 * Whole records of random payload, to be sent over and over.
 * @param {number} payloadBytes of each
 * @param {number} totalBytes about
 */
export function recordsOf(payloadBytes, totalBytes) {
  const count = Math.round(totalBytes / (RECORD_HEADER + payloadBytes));
  return Buffer.concat(Array.from({ length: count }, () => recordOf(APPLICATION_DATA, randomBytes(payloadBytes))));
}

/** A first flight as long as a proxy's, which proves nothing: for measuring without a proxy between. */
export const CANNED_FLIGHT = Buffer.concat([
  recordOf(HANDSHAKE, randomBytes(122)),
  recordOf(CHANGE_CIPHER_SPEC, Buffer.of(1)),
  recordOf(APPLICATION_DATA, randomBytes(3000)),
]);

/** Goes from record header to record header. */
export class RecordWalk {
  /** Of records of application data whose first byte has come. */
  records = 0;
  #header = Buffer.alloc(RECORD_HEADER);
  #headerBytes = 0;
  #left = 0;
  #isPayload = false;

  /**
   * @param {number} bytes how many of the buffer have come
   * @param {Uint8Array} buffer
   * @returns {number} how many of them are payload of application data
   */
  take(bytes, buffer) {
    let payload = 0;
    for (let at = 0; at < bytes;) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes - at);
        if (this.#isPayload) payload += step;
        this.#left -= step;
        at += step;
        continue;
      }
      this.#header[this.#headerBytes++] = /** @type {number} */ (buffer[at++]);
      if (this.#headerBytes === RECORD_HEADER) this.#begin();
    }
    return payload;
  }

  /** Nothing is left of the last record. */
  get isBetween() {
    return this.#left === 0 && this.#headerBytes === 0;
  }

  #begin() {
    const type = this.#header[0];
    const length = this.#header.readUInt16BE(3);
    this.#headerBytes = 0;
    this.#left = length;
    this.#isPayload = type === APPLICATION_DATA;
    if (this.#isPayload) this.records += 1;
    const isKnown = this.#isPayload || type === HANDSHAKE || type === CHANGE_CIPHER_SPEC;
    if (!isKnown || this.#header.readUInt16BE(1) !== 0x0303 || length === 0 || length > MAX_PAYLOAD) {
      throw new Error(`no TLS record begins with ${this.#header.toString('hex')}`);
    }
  }
}

/** Whether a server's first flight is complete: it ends with its one record of application data. @param {RecordWalk} walk */
export function flightIsOver(walk) {
  return walk.records === 1 && walk.isBetween;
}
