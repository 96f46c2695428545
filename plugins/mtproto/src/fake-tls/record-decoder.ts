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
  readonly takesLargeChunks = true;
  /** The current record's header, as far as it has come; {@link #headerBytes} of it. */
  #type = 0;
  #version = 0;
  #length = 0;
  #headerBytes = 0;
  /** Bytes of the current record's payload that are still to come. */
  #left = 0;
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
    // Byte by byte into small integers: no larger number, and no view, costs less.
    for (; at < chunk.length && this.#headerBytes < RECORD_HEADER; at += 1) {
      const byte = chunk[at]!;
      if (this.#headerBytes === 0) this.#type = byte;
      else if (this.#headerBytes <= 2) this.#version = ((this.#version & 0xff) << 8) | byte;
      else this.#length = ((this.#length & 0xff) << 8) | byte;
      this.#headerBytes += 1;
    }
    if (this.#headerBytes === RECORD_HEADER) {
      this.#begin(this.#type, this.#version, this.#length);
      this.#headerBytes = 0;
      this.#left = this.#length;
    }
    return at;
  }

  #begin(type: number, version: number, length: number): void {
    if (this.#isOver) throw refusal('a TLS record follows an alert');
    if (version !== TLS_1_2) throw refusal('a TLS record of another version');
    if (length === 0) throw refusal('an empty TLS record');
    if (length > MAX_CIPHERTEXT) throw refusal('a TLS record is too long');
    switch (type) {
      case ContentType.applicationData:
        break;
      case ContentType.changeCipherSpec:
        if (length !== 1) throw refusal('a ChangeCipherSpec of the wrong length');
        this.#changeCipherSpecs += 1;
        if (this.#changeCipherSpecs > MAX_CHANGE_CIPHER_SPECS) throw refusal('too many ChangeCipherSpecs');
        break;
      case ContentType.alert:
        this.#isOver = true;
        break;
      default:
        throw refusal('a TLS record of an unknown type');
    }
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
