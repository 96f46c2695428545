import type { Buffer } from 'node:buffer';
import { SluiceError, type Codec, type Emit } from '@sluice/plugin-api';
import { ContentType, MAX_CIPHERTEXT, RECORD_HEADER, TLS_1_2 } from './tls.js';

/** Clients send one; what it is there for needs no more. */
const MAX_CHANGE_CIPHER_SPECS = 8;

/**
 * Takes the payload out of a client's TLS records. Of each chunk it emits at most one slice, into
 * which the payloads are moved together, and it keeps nothing of it.
 */
export class RecordDecoder implements Codec {
  /** Bytes of the current record that are still to come. */
  #left = 0;
  #type = 0;
  /** The header's bytes that have come, as one number; and how many. */
  #header = 0;
  #headerBytes = 0;
  #changeCipherSpecs = 0;
  #isOver = false;

  /** @throws SluiceError E_PROTOCOL for anything but ChangeCipherSpec, application data and a last alert */
  write(chunk: Buffer, emit: Emit): void {
    let from = -1;
    let to = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at = this.#readHeader(chunk, at);
        continue;
      }
      const end = Math.min(chunk.length, at + this.#left);
      if (this.#type !== ContentType.applicationData) {
        this.#readControl(chunk, at, end);
      } else if (from < 0) {
        from = at;
        to = end;
      } else {
        chunk.copyWithin(to, at, end);
        to += end - at;
      }
      this.#left -= end - at;
      at = end;
    }
    if (from >= 0) emit(chunk.subarray(from, to));
  }

  /** @throws SluiceError E_PROTOCOL if the stream ends within a record */
  end(): void {
    if (this.#left > 0 || this.#headerBytes > 0) throw refusal('the stream ends within a TLS record');
  }

  #readHeader(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length && this.#headerBytes < RECORD_HEADER) {
      this.#header = this.#header * 256 + (chunk[at++] as number);
      this.#headerBytes += 1;
    }
    if (this.#headerBytes < RECORD_HEADER) return at;
    const type = Math.floor(this.#header / 2 ** 32);
    this.#begin(type, (this.#header / 2 ** 16) & 0xffff, this.#header & 0xffff);
    this.#header = 0;
    this.#headerBytes = 0;
    return at;
  }

  #begin(type: number, version: number, length: number): void {
    if (this.#isOver) throw refusal('a TLS record follows an alert');
    if (version !== TLS_1_2) throw refusal('a TLS record of another version');
    switch (type) {
      case ContentType.applicationData:
        if (length > MAX_CIPHERTEXT) throw refusal('a TLS record is too long');
        break;
      case ContentType.changeCipherSpec:
        if (length !== 1) throw refusal('a ChangeCipherSpec of the wrong length');
        this.#changeCipherSpecs += 1;
        if (this.#changeCipherSpecs > MAX_CHANGE_CIPHER_SPECS) throw refusal('too many ChangeCipherSpecs');
        break;
      case ContentType.alert:
        if (length > MAX_CIPHERTEXT) throw refusal('a TLS record is too long');
        this.#isOver = true;
        break;
      default:
        throw refusal('a TLS record of an unknown type');
    }
    if (length === 0) throw refusal('an empty TLS record');
    this.#type = type;
    this.#left = length;
  }

  #readControl(chunk: Buffer, at: number, end: number): void {
    if (this.#type === ContentType.changeCipherSpec && end > at && chunk[at] !== 1) {
      throw refusal('a ChangeCipherSpec that is none');
    }
  }
}

function refusal(message: string): SluiceError {
  return new SluiceError('E_PROTOCOL', message);
}
