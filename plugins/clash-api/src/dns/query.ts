import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';
import { domainToASCII } from 'node:url';

/** A question for one name, recursion desired (RFC 1035); undefined if it is not a name. */
export function encodeQuery(name: string, type: number): Buffer | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  // An underscore is no part of a host's name, but of many others'.
  const ascii = /^[\x21-\x7e]*$/.test(bare) ? bare : domainToASCII(bare);
  const labels = ascii === '' ? [] : ascii.split('.');
  if (bare !== '' && labels.length === 0) return undefined;
  const parts: Buffer[] = [];
  for (const label of labels) {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > 63) return undefined;
    parts.push(Buffer.of(bytes.length), bytes);
  }
  const encoded = Buffer.concat([...parts, Buffer.of(0)]);
  if (encoded.length > 255) return undefined;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(randomInt(0x10000), 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(type, 0);
  question.writeUInt16BE(1, 2);
  return Buffer.concat([header, encoded, question]);
}
