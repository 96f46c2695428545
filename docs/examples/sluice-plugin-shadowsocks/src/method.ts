import { Buffer } from 'node:buffer';
import { createHash, hkdfSync, randomBytes } from 'node:crypto';

/** How a stream or packet is encrypted, by OpenSSL's name for it. */
export interface Method {
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  /** Bytes of the key; a salt is as long. */
  readonly keyLength: number;
}

const aes128: Method = { cipher: 'aes-128-gcm', keyLength: 16 };
const aes256: Method = { cipher: 'aes-256-gcm', keyLength: 32 };
const chacha20: Method = { cipher: 'chacha20-poly1305', keyLength: 32 };

/** By the names that configurations use: those of SIP004, and V2Ray's others for the same. */
export const methods = {
  'aes-128-gcm': aes128,
  'aes-256-gcm': aes256,
  'chacha20-ietf-poly1305': chacha20,
  'chacha20-poly1305': chacha20,
  aead_aes_128_gcm: aes128,
  aead_aes_256_gcm: aes256,
  aead_chacha20_poly1305: chacha20,
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;

/** A method with the key that a password gives. */
export class Secret {
  readonly method: Method;
  readonly #key: Buffer;

  constructor(name: MethodName, password: string) {
    this.method = methods[name];
    this.#key = keyOf(password, this.method.keyLength);
  }

  newSalt(): Buffer {
    return randomBytes(this.method.keyLength);
  }

  /** The key of one stream or packet (SIP004): HKDF-SHA1 of the salt that it begins with. */
  subkey(salt: Buffer): Uint8Array {
    return new Uint8Array(hkdfSync('sha1', this.#key, salt, 'ss-subkey', this.method.keyLength));
  }

  equals(other: Secret): boolean {
    return this.method === other.method && this.#key.equals(other.#key);
  }
}

/** OpenSSL's EVP_BytesToKey with MD5, one round and no salt, which all of Shadowsocks makes its keys with. */
function keyOf(password: string, length: number): Buffer {
  const secret = Buffer.from(password, 'utf8');
  let key = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  while (key.length < length) {
    last = createHash('md5').update(last).update(secret).digest();
    key = Buffer.concat([key, last]);
  }
  return key.subarray(0, length);
}
