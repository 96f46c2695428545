import { createHash, type Hash } from 'node:crypto';

/**
 * What surrounds the bytes of a state file, numbers big-endian:
 * `8 magic | 16 kind, zero-padded | 2 envelope version | 2 state version | 4 length | state | 32 SHA-256 of all before`
 */
export interface StateLabel {
  readonly kind: string;
  readonly version: number;
}

const MAGIC = Buffer.from('SLUICEST', 'latin1');
const KIND_AT = 8;
const KIND_LENGTH = 16;
const ENVELOPE_VERSION_AT = 24;
const ENVELOPE_VERSION = 1;
const STATE_VERSION_AT = 26;
const LENGTH_AT = 28;
const HEADER_LENGTH = 32;
const CHECKSUM_LENGTH = 32;

/** Bytes of a file around its state. */
export const ENVELOPE_LENGTH = HEADER_LENGTH + CHECKSUM_LENGTH;

/** The header, and the checksum that the state is to be added to and that ends the file. */
export function sealState(label: StateLabel, length: number): { readonly header: Buffer; readonly checksum: Hash } {
  const header = Buffer.alloc(HEADER_LENGTH);
  MAGIC.copy(header);
  header.write(label.kind, KIND_AT, KIND_LENGTH, 'latin1');
  header.writeUInt16BE(ENVELOPE_VERSION, ENVELOPE_VERSION_AT);
  header.writeUInt16BE(label.version, STATE_VERSION_AT);
  header.writeUInt32BE(length, LENGTH_AT);
  return { header, checksum: createHash('sha256').update(header) };
}

/** Why a file gives no state. `isForeign`: it was never such a file, and is somebody's. */
export interface Unreadable {
  readonly isForeign: boolean;
  readonly reason: string;
}

/** The state within a file's bytes, or why there is none. */
export function openState(label: StateLabel, file: Buffer): Buffer | Unreadable {
  const magic = file.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length))) return { isForeign: true, reason: 'it is no state file' };
  if (file.length < ENVELOPE_LENGTH) return damaged('it is cut off');
  const kind = file.toString('latin1', KIND_AT, KIND_AT + KIND_LENGTH).replace(/\0+$/, '');
  if (kind !== label.kind) return { isForeign: true, reason: 'it holds the state of something else' };
  const end = file.length - CHECKSUM_LENGTH;
  const checksum = createHash('sha256').update(file.subarray(0, end)).digest();
  if (!checksum.equals(file.subarray(end)) || file.readUInt32BE(LENGTH_AT) !== end - HEADER_LENGTH) {
    return damaged('its checksum is wrong');
  }
  const version = file.readUInt16BE(STATE_VERSION_AT);
  if (file.readUInt16BE(ENVELOPE_VERSION_AT) !== ENVELOPE_VERSION || version !== label.version) {
    return damaged('another version of the program has written it');
  }
  return file.subarray(HEADER_LENGTH, end);
}

function damaged(reason: string): Unreadable {
  return { isForeign: false, reason };
}
