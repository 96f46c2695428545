import { createHash } from 'node:crypto';

const recordTypes: Readonly<Record<number, string>> = {
  20: 'ChangeCipherSpec',
  21: 'Alert',
  22: 'Handshake',
  23: 'Data',
};
const downgraded = Buffer.from('DOWNGRD', 'latin1');
const askedAgain = createHash('sha256').update('HelloRetryRequest').digest();

/**
 * What a server sent, one line for each thing: TLS records by type, version, length and content, HTTP as text, anything
 * else in hex. Left out is only what is random in every connection.
 */
export function describeAnswer(bytes: Buffer): string[] {
  const lines: string[] = [];
  let rest = bytes;
  let isEncrypted = false;
  while (isRecord(rest)) {
    const type = rest[0] ?? 0;
    const length = rest.readUInt16BE(3);
    const body = rest.subarray(5, 5 + length);
    const head = `${recordTypes[type]} ${rest.readUInt16BE(1).toString(16)}, ${length} bytes`;
    rest = rest.subarray(5 + length);
    if (type === 20) isEncrypted = true;
    if (type === 23 || (isEncrypted && type === 22)) lines.push(head);
    else lines.push(`${head}: ${type === 22 ? handshakeMessages(body).join(', ') : body.toString('hex')}`);
  }
  if (rest.length === 0) return lines;
  const text = rest.toString('latin1');
  if (!/^HTTP\/1\.|^</.test(text)) return [...lines, `${rest.length} bytes: ${rest.toString('hex')}`];
  return [...lines, ...text.replace(/^Date: .*$/m, 'Date: …').split('\r\n')];
}

function isRecord(bytes: Buffer): boolean {
  return (
    bytes.length >= 5 &&
    recordTypes[bytes[0] ?? 0] !== undefined &&
    bytes[1] === 3 &&
    bytes.length >= 5 + bytes.readUInt16BE(3)
  );
}

function handshakeMessages(body: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at + 4 <= body.length;) {
    const type = body[at] ?? 0;
    const length = body.readUIntBE(at + 1, 3);
    const message = body.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    if (type === 2) messages.push(serverHello(message));
    // A certificate is always the same; a signed key never is.
    else if (type === 11) messages.push(`certificate ${createHash('sha256').update(message).digest('hex')}`);
    else messages.push(`message ${type} of ${length} bytes`);
  }
  return messages;
}

function serverHello(message: Buffer): string {
  const random = message.subarray(2, 34);
  const idLength = message[34] ?? 0;
  const rest = message.subarray(35 + idLength);
  const kind = random.equals(askedAgain)
    ? 'HelloRetryRequest'
    : random.includes(downgraded, 24)
      ? `ServerHello ${random.toString('latin1', 24).replace(/[^A-Z]/g, '')}${random[31]}`
      : 'ServerHello';
  return `${kind} ${message.toString('hex', 0, 2)}, id of ${idLength}, ${withoutKeys(rest)}`;
}

/** Cipher, compression and extensions in hex, the key share's key by its length only. */
function withoutKeys(rest: Buffer): string {
  const parts = [rest.toString('hex', 0, 3)];
  for (let at = 5; at + 4 <= rest.length;) {
    const type = rest.readUInt16BE(at);
    const length = rest.readUInt16BE(at + 2);
    const body = rest.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    const isKey = type === 51 && length > 4;
    parts.push(`${type}=${isKey ? `${body.toString('hex', 0, 2)} and ${length - 2} bytes` : body.toString('hex')}`);
  }
  return parts.join(' ');
}
