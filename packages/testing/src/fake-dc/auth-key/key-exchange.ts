import { createHash } from 'node:crypto';
import { generator, prime, startDiffieHellman } from './diffie-hellman.js';
import { decryptIge, encryptIge, xor } from './ige.js';
import { keyIdOf } from './message-cipher.js';
import type { DcKey } from './rsa-key.js';
import { openRsaPadding, type RsaPadding } from './rsa-padding.js';
import { bytesOf, TlReader, word } from './tl.js';

/** What came out of an exchange. */
export interface MadeKey {
  /** 256 bytes. */
  readonly authKey: Buffer;
  readonly keyId: bigint;
  /** The first salt, which follows from the exchange. */
  readonly salt: bigint;
  readonly padding: RsaPadding;
  /** The data centre that the client says it talks to; old clients do not. Negative for media, +10000 for test. */
  readonly dc?: number;
  /** The key is a temporary one: its life in seconds. */
  readonly expiresIn?: number;
}

export interface StartedExchange {
  /** 16 bytes each. */
  readonly nonce: Buffer;
  readonly serverNonce: Buffer;
  readonly pq: Buffer;
}

const constructors = {
  reqDhParams: 0xd712e4be,
  serverDhParamsOk: 0xd0e8075c,
  serverDhInnerData: 0xb5890dba,
  setClientDhParams: 0xf5045f1f,
  clientDhInnerData: 0x6643b654,
  dhGenOk: 0x3bcbf734,
  dhGenRetry: 0x46dc1fb9,
};
/** What else is in the object, by its constructor: the data centre's id, the key's life. */
const innerData = new Map([
  [0x83c95aec, { dc: false, expires: false }],
  [0xa9f55f95, { dc: true, expires: false }],
  [0x3c6a84d4, { dc: false, expires: true }],
  [0x56fddf88, { dc: true, expires: true }],
]);

const sha1 = (...parts: Uint8Array[]): Buffer => createHash('sha1').update(Buffer.concat(parts)).digest();

/**
 * The server's side of core.telegram.org/mtproto/auth_key, from behind resPQ to the end, one message after another.
 * Throws at everything that a server need not take.
 */
export class KeyExchange {
  readonly #key: DcKey;
  readonly #started: StartedExchange;
  readonly #dh = startDiffieHellman();
  #inner: (InnerData & { readonly padding: RsaPadding }) | undefined;
  #retryId = 0n;

  constructor(key: DcKey, started: StartedExchange) {
    this.#key = key;
    this.#started = started;
  }

  /** `body`: of an unencrypted message. The answer's body; with the last one, the key. */
  receive(body: Buffer): { readonly answer: Buffer; readonly made?: MadeKey } {
    const reader = new TlReader(body);
    const constructor = reader.word();
    this.#checkNonces(reader);
    if (constructor === constructors.reqDhParams) return { answer: this.#answerParams(reader) };
    if (constructor === constructors.setClientDhParams) return this.#finish(reader);
    throw new Error(`a message of a key exchange with the constructor ${constructor.toString(16)}`);
  }

  #answerParams(reader: TlReader): Buffer {
    if (this.#inner !== undefined) throw new Error('a second req_DH_params');
    const [p, q] = [reader.bytes(), reader.bytes()];
    if (reader.long() !== this.#key.fingerprint) throw new Error('req_DH_params under another RSA key');
    const encrypted = reader.bytes();
    expectEnd(reader);
    const opened = openRsaPadding(this.#key.decrypt(encrypted), (data) => readInnerData(data).length);
    if (opened === undefined) throw new Error('encrypted_data of req_DH_params has neither padding');
    const inner = readInnerData(opened.data);
    this.#checkInner(inner, p, q);
    this.#inner = { ...inner, padding: opened.padding };

    const { key, iv } = this.#temporaryKey(inner.newNonce);
    const { nonce, serverNonce } = this.#started;
    const answer = Buffer.concat([
      word(constructors.serverDhInnerData),
      nonce,
      serverNonce,
      word(generator),
      bytesOf(prime),
      bytesOf(this.#dh.publicNumber),
      word(Math.floor(Date.now() / 1000)),
    ]);
    const hashed = Buffer.concat([sha1(answer), answer]);
    const padded = Buffer.concat([hashed, Buffer.alloc(-hashed.length & 15)]);
    return this.#wrap(constructors.serverDhParamsOk, bytesOf(encryptIge(key, iv, padded)));
  }

  #checkInner(inner: InnerData, p: Buffer, q: Buffer): void {
    const { nonce, serverNonce, pq } = this.#started;
    if (!inner.nonce.equals(nonce) || !inner.serverNonce.equals(serverNonce)) {
      throw new Error('other nonces inside encrypted_data than outside');
    }
    if (!inner.p.equals(p) || !inner.q.equals(q) || !inner.pq.equals(pq)) {
      throw new Error('other numbers inside encrypted_data than outside');
    }
    const number = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
    if (number(p) * number(q) !== number(pq) || number(p) >= number(q)) throw new Error('pq is not taken apart');
  }

  #finish(reader: TlReader): { answer: Buffer; made?: MadeKey } {
    const inner = this.#inner;
    if (inner === undefined) throw new Error('set_client_DH_params before req_DH_params');
    const { key, iv } = this.#temporaryKey(inner.newNonce);
    const opened = decryptIge(key, iv, reader.bytes());
    expectEnd(reader);
    const data = new TlReader(opened.subarray(20));
    if (data.word() !== constructors.clientDhInnerData) throw new Error('no client_DH_inner_data');
    this.#checkNonces(data);
    const retryId = data.long();
    if (retryId !== this.#retryId) throw new Error('another retry_id');
    const publicNumber = data.bytes();
    const length = data.position;
    if (data.rest().length > 15) throw new Error('client_DH_inner_data with more than a block behind it');
    const hash = opened.subarray(0, 20);
    if (!hash.equals(sha1(opened.subarray(20, 20 + length)))) throw new Error("client_DH_inner_data's hash is wrong");

    const authKey = this.#dh.agree(publicNumber);
    const auxHash = sha1(authKey).subarray(0, 8);
    const nonceHash = (digit: number, of: Buffer): Buffer => sha1(inner.newNonce, Buffer.of(digit), of).subarray(4);
    // Some clients (mtcute, Telethon) lose a key's leading zeros, and so agree on another one; one in 256
    // would. They are asked for another number, by a hash of the key as they have it.
    if (authKey[0] === 0) {
      const short = sha1(authKey.subarray(authKey.findIndex((byte) => byte !== 0))).subarray(0, 8);
      this.#retryId = short.readBigUInt64LE();
      return { answer: this.#wrap(constructors.dhGenRetry, nonceHash(2, short)) };
    }
    const salt = xor(inner.newNonce.subarray(0, 8), this.#started.serverNonce).readBigUInt64LE();
    const { padding, dc, expiresIn } = inner;
    return {
      answer: this.#wrap(constructors.dhGenOk, nonceHash(1, auxHash)),
      made: {
        authKey,
        keyId: keyIdOf(authKey),
        salt,
        padding,
        ...(dc === undefined ? {} : { dc }),
        ...(expiresIn === undefined ? {} : { expiresIn }),
      },
    };
  }

  /** What the second half is encrypted with. */
  #temporaryKey(newNonce: Buffer): { key: Buffer; iv: Buffer } {
    return temporaryKeyOf(newNonce, this.#started.serverNonce);
  }

  #checkNonces(reader: TlReader): void {
    const { nonce, serverNonce } = this.#started;
    if (!reader.take(16).equals(nonce) || !reader.take(16).equals(serverNonce)) throw new Error('other nonces');
  }

  #wrap(constructor: number, fields: Buffer): Buffer {
    return Buffer.concat([word(constructor), this.#started.nonce, this.#started.serverNonce, fields]);
  }
}

/** The key and vector of the exchange's second half. */
export function temporaryKeyOf(newNonce: Buffer, serverNonce: Buffer): { key: Buffer; iv: Buffer } {
  const [one, two, three] = [sha1(newNonce, serverNonce), sha1(serverNonce, newNonce), sha1(newNonce, newNonce)];
  return {
    key: Buffer.concat([one, two.subarray(0, 12)]),
    iv: Buffer.concat([two.subarray(12), three, newNonce.subarray(0, 4)]),
  };
}

interface InnerData {
  readonly pq: Buffer;
  readonly p: Buffer;
  readonly q: Buffer;
  readonly nonce: Buffer;
  readonly serverNonce: Buffer;
  /** 32 bytes. */
  readonly newNonce: Buffer;
  readonly dc?: number;
  readonly expiresIn?: number;
  /** Bytes that the object takes. */
  readonly length: number;
}

function readInnerData(bytes: Buffer): InnerData {
  const reader = new TlReader(bytes);
  const fields = innerData.get(reader.word());
  if (fields === undefined) throw new Error('no p_q_inner_data');
  return {
    pq: reader.bytes(),
    p: reader.bytes(),
    q: reader.bytes(),
    nonce: reader.take(16),
    serverNonce: reader.take(16),
    newNonce: reader.take(32),
    ...(fields.dc ? { dc: reader.word() | 0 } : {}),
    ...(fields.expires ? { expiresIn: reader.word() } : {}),
    length: reader.position,
  };
}

function expectEnd(reader: TlReader): void {
  if (reader.rest().length > 0) throw new Error('bytes behind the end of a message');
}
