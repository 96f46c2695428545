import { createCipheriv, createDecipheriv, createHash, type Cipher, type Decipher } from 'node:crypto';
import { ipBytes, type RpcEndpoint } from './ip-address.js';

/** All that both sides of a connection know when they have exchanged nonces. */
export interface KeyMaterial {
  /** 16 bytes each. */
  readonly serverNonce: Uint8Array;
  readonly clientNonce: Uint8Array;
  /** The client's clock, in seconds since 1970, as it stood in its nonce packet. */
  readonly timestamp: number;
  /** As the other side sees them: behind a NAT, the client's public address. Both of one family. */
  readonly server: RpcEndpoint;
  readonly client: RpcEndpoint;
  readonly secret: Uint8Array;
}

export interface CipherPair {
  readonly encrypt: Cipher;
  readonly decrypt: Decipher;
}

/** AES-256-CBC both ways, for one of the two ends. Without padding: whole blocks only. */
export function createCiphers(end: 'client' | 'server', material: KeyMaterial): CipherPair {
  const client = directionKey('CLIENT', material);
  const server = directionKey('SERVER', material);
  const [own, other] = end === 'client' ? [client, server] : [server, client];
  return {
    encrypt: createCipheriv('aes-256-cbc', own.key, own.iv).setAutoPadding(false),
    decrypt: createDecipheriv('aes-256-cbc', other.key, other.iv).setAutoPadding(false),
  };
}

/** Key and IV of what the named end sends. */
export function directionKey(sender: 'CLIENT' | 'SERVER', material: KeyMaterial): { key: Buffer; iv: Buffer } {
  const server = ipBytes(material.server.address);
  const client = ipBytes(material.client.address);
  if (server.length !== client.length) throw new TypeError('the two ends are of different address families');
  const isIpv4 = server.length === 4;
  // An IPv4 address stands as a little-endian number; an IPv6 one in the order of the network, and elsewhere.
  const number = (bytes: Buffer) => (isIpv4 ? Buffer.from(bytes).reverse() : Buffer.alloc(4));
  const all = Buffer.concat([
    material.serverNonce,
    material.clientNonce,
    word(material.timestamp),
    number(server),
    short(material.client.port),
    Buffer.from(sender),
    number(client),
    short(material.server.port),
    material.secret,
    material.serverNonce,
    ...(isIpv4 ? [] : [client, server]),
    material.clientNonce,
  ]);
  const key = Buffer.concat([digest('md5', all.subarray(1)).subarray(0, 12), digest('sha1', all)]);
  return { key, iv: digest('md5', all.subarray(2)) };
}

function digest(algorithm: 'md5' | 'sha1', bytes: Uint8Array): Buffer {
  return createHash(algorithm).update(bytes).digest();
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
