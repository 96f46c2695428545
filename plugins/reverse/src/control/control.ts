import { Buffer } from 'node:buffer';
import { randomBytes, randomInt } from 'node:crypto';
import type { Destination } from '@sluice/plugin-api';

/**
 * What a portal tells a bridge every two seconds: V2Ray's protobuf message
 * `Control { State state = 1; bytes random = 99; }`, in a stream of packets to a name of its own.
 */
export type WorkerState = 'active' | 'drain';

/** V2Ray 4 and its later versions (Xray too) name the stream differently. */
const CONTROL_NAMES: readonly string[] = ['reverse.internal.v2ray.com', 'reverse.internal.v2fly.org'];

/** Where a portal opens the stream to. */
export const controlTarget: Destination = {
  network: 'udp',
  type: 'domain',
  host: 'reverse.internal.v2ray.com',
  port: 0,
};

export function isControl(to: Destination): boolean {
  return to.type === 'domain' && CONTROL_NAMES.includes(to.host);
}

/** Field numbers with wire types: varint 1 and length-delimited 99. */
const STATE_TAG = (1 << 3) | 0;
const RANDOM_TAG = Buffer.of(0x9a, 0x06);
const DRAIN = 1;
const MAX_RANDOM = 64;

export function encodeControl(state: WorkerState): Buffer {
  const random = randomBytes(randomInt(1, MAX_RANDOM));
  // Proto3 leaves out what is zero.
  const first = state === 'drain' ? Buffer.of(STATE_TAG, DRAIN) : Buffer.alloc(0);
  return Buffer.concat([first, RANDOM_TAG, Buffer.of(random.length), random]);
}

/** Undefined for what is no such message. Unknown fields are passed over. */
export function decodeControl(bytes: Buffer): WorkerState | undefined {
  const reader = new Fields(bytes);
  let state = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === undefined) return undefined;
    const type = tag & 7;
    if (type === 0) {
      const value = reader.varint();
      if (value === undefined) return undefined;
      if (tag === STATE_TAG) state = value;
    } else {
      const length = type === 1 ? 8 : type === 5 ? 4 : type === 2 ? reader.varint() : undefined;
      if (length === undefined || !reader.skip(length)) return undefined;
    }
  }
  return state === DRAIN ? 'drain' : 'active';
}

class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The low 32 bits; undefined if it is cut off or too long. */
  varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return undefined;
      this.#at += 1;
      if (shift < 32) value = (value | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  /** False if there is not so much. */
  skip(length: number): boolean {
    this.#at += length;
    return this.#at <= this.#bytes.length;
  }
}
