import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';

/** RFC 1035, 3.1 and 4.1.4. */
const MAX_NAME = 255;
const MAX_LABEL = 63;
const POINTER = 0xc0;

/** A name and where what follows it begins. */
export interface ReadName {
  /**
   * Without the dot at the end; "" is the root. Lower-case. A byte for each character; a dot or a
   * backslash within a label stands as `\046` or `\092`, so that no two names look alike.
   */
  readonly name: string;
  readonly end: number;
}

/** @throws SluiceError E_DNS_FAILED for a name that is cut off, too long, or points forward */
export function readName(message: Buffer, start: number): ReadName {
  let name = '';
  let at = start;
  let end = -1;
  // The zero at the end counts as well.
  let length = 1;
  for (;;) {
    const size = message[at];
    if (size === undefined) throw broken();
    if (size === 0) break;
    if ((size & POINTER) === POINTER) {
      const low = message[at + 1];
      if (low === undefined) throw broken();
      if (end < 0) end = at + 2;
      const to = ((size & ~POINTER) << 8) | low;
      // Only ever backwards, so that it ends.
      if (to >= at) throw broken();
      at = to;
      continue;
    }
    if (size > MAX_LABEL || at + 1 + size > message.length) throw broken();
    length += size + 1;
    if (length > MAX_NAME) throw broken();
    const label = readLabel(message, at + 1, at + 1 + size);
    name = name === '' ? label : `${name}.${label}`;
    at += size + 1;
  }
  return { name, end: end < 0 ? at + 1 : end };
}

/** The name on the wire, uncompressed. @throws SluiceError E_ADDRESS_INVALID for what is no name */
export function writeName(name: string): Buffer {
  const labels = name === '' || name === '.' ? [] : name.replace(/\.$/, '').split('.');
  const parts: Buffer[] = [];
  for (const label of labels) {
    const text = label.includes('\\')
      ? label.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code)))
      : label;
    const bytes = Buffer.from(text, 'latin1');
    if (bytes.length === 0 || bytes.length > MAX_LABEL || !isBytes(text))
      throw new SluiceError('E_ADDRESS_INVALID', `"${name.slice(0, 64)}" is no domain name`);
    parts.push(Buffer.of(bytes.length), bytes);
  }
  parts.push(Buffer.of(0));
  const written = Buffer.concat(parts);
  if (written.length > MAX_NAME) throw new SluiceError('E_ADDRESS_INVALID', 'the domain name is longer than 255 bytes');
  return written;
}

export function broken(): SluiceError {
  return new SluiceError('E_DNS_FAILED', 'a DNS message is malformed');
}

/** Only A to Z have another case in DNS (RFC 4343). */
function readLabel(message: Buffer, start: number, end: number): string {
  const text = message.toString('latin1', start, end);
  const plain =
    text.includes('.') || text.includes('\\') ? text.replaceAll('\\', '\\092').replaceAll('.', '\\046') : text;
  return plain.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function isBytes(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 255) return false;
  return true;
}
