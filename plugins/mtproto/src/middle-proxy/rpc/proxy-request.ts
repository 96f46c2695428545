import { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import { ipToBytes, type Endpoint } from '@sluice/plugin-api';
import type { Framing } from '../../obfuscation/header.js';
import { packetType } from './packet-type.js';

const flag = {
  /** The message is one of those before there is a key: it begins with 8 zero bytes. */
  unencrypted: 0x2,
  adTag: 0x8,
  /** On every request of a TCP client. */
  tcp: 0x1000,
  /** The client's connection is obfuscated. */
  obfuscated: 0x20000,
  padded: 0x8000000,
  intermediate: 0x20000000,
  abridged: 0x40000000,
  quickAck: 0x80000000,
} as const;

const framingFlags: Readonly<Record<Framing, number>> = {
  abridged: flag.abridged,
  intermediate: flag.intermediate,
  padded: flag.intermediate + flag.padded,
};

const FLAGS_AT = 4;
const ID_AT = 8;
const SOURCE_AT = 16;
const LOCAL_AT = 36;
const EXTRA_AT = 56;
const EXTRA_LENGTH_AT = EXTRA_AT;
const TAG_TYPE_AT = EXTRA_AT + 4;
const TAG_AT = EXTRA_AT + 8;
const PROXY_TAG = 0xdb1e26ae;

const AD_TAG_LENGTH = 16;
/** Type, the tag as a TL string (its length in one byte), filled up to a whole word. */
const EXTRA_LENGTH = 4 + 1 + AD_TAG_LENGTH + 3;

/** Whose messages they are. */
export interface RequestOrigin {
  readonly framing: Framing;
  /** The client. */
  readonly source: Endpoint;
  /** Where it connected to, as it is seen from outside. */
  readonly local: Endpoint;
  /** 16 bytes; without one the middle proxy is only a way to the data centre. */
  readonly adTag: Buffer | undefined;
}

/** What stands in front of each message of one client; only the flags change. */
export class ProxyRequestHead {
  readonly #head: Buffer;
  readonly #flags: number;

  /** @param id names the client on its connection, below 2^53 */
  constructor(id: number, { framing, source, local, adTag }: RequestOrigin) {
    const head = Buffer.alloc(adTag === undefined ? EXTRA_AT : TAG_TYPE_AT + EXTRA_LENGTH);
    head.writeUInt32LE(packetType.proxyRequest, 0);
    writeConnectionId(head, ID_AT, id);
    writeEndpoint(head, SOURCE_AT, source);
    writeEndpoint(head, LOCAL_AT, local);
    let flags = flag.tcp + flag.obfuscated + framingFlags[framing];
    if (adTag !== undefined) {
      flags += flag.adTag;
      head.writeUInt32LE(EXTRA_LENGTH, EXTRA_LENGTH_AT);
      head.writeUInt32LE(PROXY_TAG, TAG_TYPE_AT);
      head.writeUInt8(AD_TAG_LENGTH, TAG_AT);
      adTag.copy(head, TAG_AT + 1);
    }
    this.#head = head;
    this.#flags = flags;
  }

  /** The head for that message. @param message at least 8 bytes */
  for(message: Buffer, quickAck: boolean): Buffer {
    const head = Buffer.from(this.#head);
    let flags = this.#flags;
    if (message.readUInt32LE(0) === 0 && message.readUInt32LE(4) === 0) flags += flag.unencrypted;
    if (quickAck) flags += flag.quickAck;
    head.writeUInt32LE(flags, FLAGS_AT);
    return head;
  }
}

export function writeConnectionId(into: Buffer, at: number, id: number): void {
  into.writeUInt32LE(id % 0x1_0000_0000, at);
  into.writeUInt32LE(Math.floor(id / 0x1_0000_0000), at + 4);
}

/** Ids that are not ours may be larger than a number holds exactly; they match none. */
export function readConnectionId(from: Buffer, at: number): number {
  return from.readUInt32LE(at + 4) * 0x1_0000_0000 + from.readUInt32LE(at);
}

/** `IPv6 16, or IPv4 mapped into it | port u32`; what has no IP address (a Unix socket) is 0.0.0.0. */
function writeEndpoint(into: Buffer, at: number, { address, port }: Endpoint): void {
  const ip = isIP(address) === 0 ? new Uint8Array(4) : ipToBytes(address);
  if (ip.length === 4) {
    into.writeUInt16BE(0xffff, at + 10);
    into.set(ip, at + 12);
  } else {
    into.set(ip, at);
  }
  into.writeUInt32LE(port, at + 16);
}
