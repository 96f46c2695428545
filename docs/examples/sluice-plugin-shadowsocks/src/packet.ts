import { Buffer } from 'node:buffer';
import { SluiceError, type Destination } from '@sluice/plugin-api';
import { formatAddress, parseAddress } from './address.js';
import { Opener, Sealer, TAG } from './aead.js';
import type { Secret } from './method.js';
import type { SaltFilter } from './salt-filter.js';

/** Kind, length, a name of one byte, port. */
const SHORTEST_ADDRESS = 5;

/** A packet's payload, and where it is to go or comes from. */
export interface Packet {
  readonly to: Destination;
  readonly payload: Buffer;
}

/** A UDP packet (SIP004): a salt of its own, then address and payload sealed as one. @throws SluiceError E_ADDRESS_INVALID */
export function sealPacket(secret: Secret, seen: SaltFilter, host: string, port: number, payload: Buffer): Buffer {
  const plain = Buffer.concat([formatAddress(host, port), payload]);
  const salt = secret.newSalt();
  // Both directions have the same key: what we have said ourselves must not be taken for the other's word.
  seen.add(salt);
  const packet = Buffer.allocUnsafe(salt.length + plain.length + TAG);
  packet.set(salt);
  new Sealer(secret, salt).seal(plain, packet, salt.length);
  return packet;
}

/** Undefined for what was not sealed with this secret, was seen before, or makes no sense: anybody can send anything. */
export function openPacket(secret: Secret, seen: SaltFilter, packet: Buffer): Packet | undefined {
  const saltLength = secret.method.keyLength;
  if (packet.length < saltLength + SHORTEST_ADDRESS + TAG) return undefined;
  const salt = packet.subarray(0, saltLength);
  const plain = new Opener(secret, salt).open(packet.subarray(saltLength));
  if (plain === undefined || !seen.add(salt)) return undefined;
  try {
    const parsed = parseAddress('udp', plain);
    return parsed === null ? undefined : { to: parsed.to, payload: plain.subarray(parsed.length) };
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}
