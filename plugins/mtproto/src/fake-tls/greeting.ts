import { Buffer } from 'node:buffer';
import { mayBeClientHello, parseClientHello, type ClientHello } from './client-hello.js';
import { ContentType, HANDSHAKE_HEADER, HandshakeType, MAX_PLAINTEXT, RECORD_HEADER } from './tls.js';

/** More records than anyone cuts a hello into to get it past a filter. */
const MAX_RECORDS = 256;
/**
 * So much of an incomplete message is looked at: more than real hellos have. Otherwise whoever sends
 * a long one byte by byte would have all of it read again for each of them. Servers look at none of it.
 */
const LOOKED_AT = 2048;
/** So that the whole hello fits into one record, as it was when its digest was made. */
const MAX_MESSAGE = MAX_PLAINTEXT;

export interface Greeted {
  readonly hello: ClientHello;
  /** How many of the bytes the hello took up; what follows is the client's next. */
  readonly consumed: number;
}

/**
 * What a peer has begun with: `more` while it may still become a ClientHello, `foreign` as soon as
 * it can be none (or is one that no server would take).
 */
export type Greeting = 'more' | 'foreign' | Greeted;

/**
 * Looks at all bytes that a peer has sent so far; none of them are changed. A hello may be cut into
 * several TLS records (RFC 8446, section 5.1): up to 256 of them, and 16 KiB in all. It ends with
 * its last record. The hello's buffers are views of `bytes` where it came as one record.
 */
export function readGreeting(bytes: Buffer): Greeting {
  const message = new Fragments();
  let at = 0;
  while (at < bytes.length) {
    const length = recordLength(bytes, at);
    if (typeof length === 'string') return length === 'more' && message.isPlausible ? 'more' : 'foreign';
    at += RECORD_HEADER;
    const fragment = bytes.subarray(at, at + length);
    at += fragment.length;
    if (!message.add(fragment, length)) return 'foreign';
    if (message.isComplete) return greeted(message, bytes, at);
  }
  return message.isPlausible ? 'more' : 'foreign';
}

function greeted(message: Fragments, bytes: Buffer, consumed: number): Greeted | 'foreign' {
  const hello = parseClientHello(message.record(bytes));
  return hello === 'foreign' ? hello : { hello, consumed };
}

/** A record's payload length; or what its header, as far as it has come, says already. */
function recordLength(bytes: Buffer, at: number): number | 'more' | 'foreign' {
  if (bytes[at] !== ContentType.handshake) return 'foreign';
  const major = bytes[at + 1] ?? 3;
  // 3.1 from most clients, 3.3 from some; it means nothing. 3.0 is SSL.
  const minor = bytes[at + 2] ?? 1;
  const high = bytes[at + 3] ?? 0;
  if (major !== 3 || minor < 1 || minor > 3 || high > MAX_PLAINTEXT >> 8) return 'foreign';
  if (bytes.length - at < RECORD_HEADER) return 'more';
  const length = bytes.readUInt16BE(at + 3);
  return length === 0 || length > MAX_PLAINTEXT ? 'foreign' : length;
}

/** A handshake message as the payloads of one or more records, the last of which may be incomplete. */
class Fragments {
  readonly #fragments: Buffer[] = [];
  /** Bytes that have come, and those that the records' headers announce. */
  #collected = 0;
  #announced = 0;
  /** The first four bytes, as far as they have come, as one number. */
  #head = 0;
  #headBytes = 0;

  /** False if no ClientHello goes on like this. */
  add(fragment: Buffer, announced: number): boolean {
    this.#fragments.push(fragment);
    this.#collected += fragment.length;
    this.#announced += announced;
    for (let i = 0; i < fragment.length && this.#headBytes < HANDSHAKE_HEADER; i += 1) {
      this.#head = this.#head * 256 + (fragment[i] as number);
      this.#headBytes += 1;
    }
    return this.#headIsPlausible() && this.#fragments.length <= MAX_RECORDS;
  }

  get isComplete(): boolean {
    return this.#collected === this.#length;
  }

  /** Whether what has come can be the beginning of a hello. */
  get isPlausible(): boolean {
    return this.#collected === 0 || mayBeClientHello(this.#beginning(), this.#length);
  }

  /** The message in one record, with the header that its first fragment had. */
  record(bytes: Buffer): Buffer {
    if (this.#fragments.length === 1) return bytes.subarray(0, RECORD_HEADER + this.#collected);
    const header = Buffer.from(bytes.subarray(0, RECORD_HEADER));
    header.writeUInt16BE(this.#collected, RECORD_HEADER - 2);
    return Buffer.concat([header, ...this.#fragments]);
  }

  #beginning(): Buffer {
    const wanted = Math.min(LOOKED_AT, this.#collected);
    let count = 0;
    for (let length = 0; length < wanted; count += 1) length += this.#fragments[count]!.length;
    if (count === 1) return this.#fragments[0]!.subarray(0, wanted);
    return Buffer.concat(this.#fragments.slice(0, count), wanted);
  }

  /** Header included; as long as may be while it is unknown. */
  get #length(): number {
    return this.#headBytes < HANDSHAKE_HEADER ? MAX_MESSAGE : HANDSHAKE_HEADER + (this.#head & 0xffffff);
  }

  #headIsPlausible(): boolean {
    if (this.#headBytes === 0) return true;
    // The type, then the length's first byte, which is zero up to 64 KiB.
    const least = HandshakeType.clientHello * 256 ** (this.#headBytes - 1);
    if (this.#head < least || this.#head >= least * 2) return false;
    if (this.#headBytes > 1 && this.#head - least >= 256 ** (this.#headBytes - 2)) return false;
    // A hello shares its last record with nothing.
    return this.#headBytes < HANDSHAKE_HEADER
      ? this.#announced <= MAX_MESSAGE
      : this.#length <= MAX_MESSAGE && this.#announced <= this.#length;
  }
}
