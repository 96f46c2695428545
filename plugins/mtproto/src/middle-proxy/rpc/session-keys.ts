import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, hash, type Cipher, type Decipher } from 'node:crypto';
import { ipToBytes, SluiceError } from '@sluice/plugin-api';
import type { Nonce } from './nonce.js';

/** A side's IP address and port, as the middle proxy sees them. */
export interface Side {
  readonly address: string;
  readonly port: number;
}

export interface KeySource {
  readonly secret: Buffer;
  readonly ours: Nonce;
  readonly theirs: Nonce;
  readonly us: Side;
  readonly server: Side;
}

/** The ciphers of both directions: whole blocks in, as many bytes out. */
export interface SessionCiphers {
  readonly encipher: Cipher;
  readonly decipher: Decipher;
}

const ALGORITHM = 'aes-256-cbc';
const NO_IPV4 = Buffer.alloc(4);

/**
 * The ciphers that follow from the nonces, the addresses and the secret.
 * @throws SluiceError E_UNSUPPORTED if the addresses are not of one family, E_ADDRESS_INVALID
 */
export function sessionCiphers(source: KeySource): SessionCiphers {
  const write = keyAndIv(keyMaterial(source, 'CLIENT'));
  const read = keyAndIv(keyMaterial(source, 'SERVER'));
  const encipher = createCipheriv(ALGORITHM, write.key, write.iv).setAutoPadding(false);
  const decipher = createDecipheriv(ALGORITHM, read.key, read.iv).setAutoPadding(false);
  return { encipher, decipher };
}

/**
 * `server nonce | client nonce | client time | server IPv4 | client port | purpose | client IPv4 |
 * server port | secret | server nonce | [client IPv6 | server IPv6] | client nonce`; numbers and
 * IPv4 addresses little-endian, the latter zero under IPv6.
 * @param purpose "CLIENT" for what we send, "SERVER" for what we receive
 */
export function keyMaterial(source: KeySource, purpose: 'CLIENT' | 'SERVER'): Buffer {
  const { secret, ours, theirs, us, server } = source;
  const ourIp = Buffer.from(ipToBytes(us.address));
  const serverIp = Buffer.from(ipToBytes(server.address));
  if (ourIp.length !== serverIp.length) {
    throw new SluiceError(
      'E_UNSUPPORTED',
      'it is not known under which address of its own family the middle proxy sees this machine: set middleProxy.natAddress',
    );
  }
  const isIPv4 = ourIp.length === 4;
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(ours.time, 0);
  numbers.writeUInt16LE(us.port, 4);
  numbers.writeUInt16LE(server.port, 6);
  return Buffer.concat([
    theirs.nonce,
    ours.nonce,
    numbers.subarray(0, 4),
    isIPv4 ? Buffer.from(serverIp).reverse() : NO_IPV4,
    numbers.subarray(4, 6),
    Buffer.from(purpose, 'latin1'),
    isIPv4 ? Buffer.from(ourIp).reverse() : NO_IPV4,
    numbers.subarray(6, 8),
    secret,
    theirs.nonce,
    ...(isIPv4 ? [] : [ourIp, serverIp]),
    ours.nonce,
  ]);
}

/** The protocol prescribes these hashes. */
export function keyAndIv(material: Buffer): { readonly key: Buffer; readonly iv: Buffer } {
  const key = Buffer.concat([
    hash('md5', material.subarray(1), 'buffer').subarray(0, 12),
    hash('sha1', material, 'buffer'),
  ]);
  return { key, iv: hash('md5', material.subarray(2), 'buffer') };
}
