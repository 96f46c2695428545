import { createHmac } from 'node:crypto';
import type { FakeClientHello } from './client-hello.js';
import { isOnCurve25519 } from './curve25519.js';

/** What a proxy's first flight says. */
export interface ServerFlight {
  /** All its bytes. */
  readonly bytes: Buffer;
  readonly cipherSuite: number;
  readonly group: number;
  readonly keyShare: Buffer;
  /** The ServerHello's, in its order. */
  readonly extensionTypes: readonly number[];
  /** Payload of its record of application data. */
  readonly encryptedLength: number;
}

/** The proxy's answer is not what Telegram's clients take. */
export class FakeTlsError extends Error {
  override readonly name = 'FakeTlsError';
}

/**
 * Reads the flight record by record and looks at every byte that has a meaning.
 * @param read exactly so many bytes of it
 * @throws FakeTlsError
 */
export async function readServerFlight(
  read: (length: number) => Promise<Buffer>,
  hello: FakeClientHello,
  key: Uint8Array,
): Promise<ServerFlight> {
  const first = await read(5);
  demand(first.readUIntBE(0, 3) === 0x160303, `the first record begins with ${first.toString('hex')}`);
  const serverHello = await read(first.readUInt16BE(3));
  const changeCipherSpec = await read(6);
  demand(changeCipherSpec.toString('hex') === '140303000101', 'no ChangeCipherSpec follows the ServerHello');
  const last = await read(5);
  demand(last.readUIntBE(0, 3) === 0x170303, 'no application data follows the ChangeCipherSpec');
  const encryptedLength = last.readUInt16BE(3);
  demand(encryptedLength > 0 && encryptedLength <= 16_384, `${encryptedLength} bytes of application data`);
  const encrypted = await read(encryptedLength);
  const bytes = Buffer.concat([first, serverHello, changeCipherSpec, last, encrypted]);
  const unsealed = Buffer.from(bytes).fill(0, 11, 43);
  const digest = createHmac('sha256', key).update(hello.random).update(unsealed).digest();
  demand(digest.equals(bytes.subarray(11, 43)), 'the digest of the server is wrong');
  return { bytes, encryptedLength, ...checkServerHello(serverHello, hello) };
}

function checkServerHello(
  message: Buffer,
  hello: FakeClientHello,
): Pick<ServerFlight, 'cipherSuite' | 'group' | 'keyShare' | 'extensionTypes'> {
  demand(message[0] === 2 && message.readUIntBE(1, 3) === message.length - 4, 'the first record is no ServerHello');
  demand(message.readUInt16BE(4) === 0x0303, 'another version than 3.3');
  const sessionId = message.subarray(39, 39 + message[38]!);
  demand(sessionId.equals(hello.sessionId), 'the session id is not echoed');
  const rest = message.subarray(39 + sessionId.length);
  const cipherSuite = rest.readUInt16BE(0);
  demand(hello.cipherSuites.includes(cipherSuite), 'a cipher suite that was not offered');
  demand(cipherSuite >> 8 === 0x13, 'a cipher suite of an older TLS');
  demand(rest[2] === 0, 'a compression');
  demand(rest.readUInt16BE(3) === rest.length - 5, 'the extensions do not end with the message');
  const extensions = new Map<number, Buffer>();
  for (let at = 5; at < rest.length;) {
    const type = rest.readUInt16BE(at);
    const end = at + 4 + rest.readUInt16BE(at + 2);
    demand(end <= rest.length && !extensions.has(type), 'the extensions are broken');
    extensions.set(type, rest.subarray(at + 4, end));
    at = end;
  }
  demand(extensions.size === 2, 'other extensions than version and key share');
  demand(extensions.get(43)?.toString('hex') === '0304', 'another version than TLS 1.3');
  const share = extensions.get(51) ?? Buffer.alloc(4);
  const group = share.readUInt16BE(0);
  demand(hello.groups.includes(group), 'a group without a key share of the client');
  const keyShare = share.subarray(4);
  const length = group === 0x11ec ? 1088 + 32 : 32;
  demand(share.readUInt16BE(2) === length && keyShare.length === length, 'a key share of a wrong length');
  demand(isOnCurve25519(keyShare.subarray(-32)), 'a key share that is no point of the curve');
  return { cipherSuite, group, keyShare, extensionTypes: [...extensions.keys()] };
}

function demand(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new FakeTlsError(otherwise);
}
