import { Buffer, isUtf8 } from 'node:buffer';
import { bytesToIp, destination, ipToBytes, SluiceError, type Destination, type Network } from '@sluice/plugin-api';

/**
 * Mux.Cool's frames, version 1 (v2fly.org, developer/protocols/muxcool):
 * `length u16 | id u16 | status | options | …` and, where the options say so, `length u16 | data`.
 * A frame that opens a stream names its target behind the options: `network | port u16 | type | address`.
 */
export const frameStatus = { new: 1, keep: 2, end: 3, keepAlive: 4 } as const;
export type FrameStatus = (typeof frameStatus)[keyof typeof frameStatus];

const HAS_DATA = 1;
const IS_ERROR = 2;

const networkByte = { tcp: 1, udp: 2 } as const;
const addressType = { ipv4: 1, domain: 2, ipv6: 3 } as const;

/** As V2Ray has it. */
export const MAX_METADATA = 512;
const MIN_METADATA = 4;
const MAX_NAME = 255;
/** The most that stands before a frame's data: both lengths, the fixed part, and the longest target. */
export const MAX_HEAD = 2 + MIN_METADATA + 4 + 1 + MAX_NAME + 2;

/** What a frame says before its data. */
export interface FrameMetadata {
  readonly id: number;
  readonly status: FrameStatus;
  readonly hasData: boolean;
  /** Of an end: the stream is cut off, not complete. */
  readonly isError: boolean;
  /** Of a new stream; undefined if what is named cannot be a target: only that stream is to be refused. */
  readonly target: Destination | undefined;
}

/**
 * @param bytes the metadata behind their length
 * @throws SluiceError E_PROTOCOL
 */
export function readMetadata(bytes: Buffer): FrameMetadata {
  if (bytes.length < MIN_METADATA) throw broken(`its metadata are ${bytes.length} bytes long`);
  const id = bytes.readUInt16BE(0);
  const status = bytes.readUInt8(2);
  const options = bytes.readUInt8(3);
  const rest = { hasData: (options & HAS_DATA) !== 0, isError: (options & IS_ERROR) !== 0 };
  switch (status) {
    case frameStatus.new:
      return { id, status, ...rest, target: readTarget(bytes, readNetwork(bytes)) };
    case frameStatus.keep:
    case frameStatus.end:
    case frameStatus.keepAlive:
      // What newer versions append here is for them alone.
      return { id, status, ...rest, target: undefined };
    default:
      throw broken(`its status is ${status}`);
  }
}

/** What is to be said of a frame that is to be sent. */
export interface FrameHead {
  readonly id: number;
  readonly status: FrameStatus;
  readonly isError?: boolean;
  /** Of a new stream: an IP address or a domain. */
  readonly target?: Destination | undefined;
}

/**
 * Writes all that precedes a frame's data; `into` has room for MAX_HEAD bytes.
 * @param dataLength undefined for a frame without data
 * @returns the place behind it
 */
export function writeHead(into: Buffer, at: number, head: FrameHead, dataLength?: number): number {
  const start = at + 2;
  into.writeUInt16BE(head.id, start);
  into[start + 2] = head.status;
  into[start + 3] = (dataLength === undefined ? 0 : HAS_DATA) | (head.isError === true ? IS_ERROR : 0);
  let end = start + MIN_METADATA;
  if (head.target !== undefined) end = writeTarget(into, end, head.target);
  into.writeUInt16BE(end - start, at);
  return dataLength === undefined ? end : into.writeUInt16BE(dataLength, end);
}

function readNetwork(bytes: Buffer): Network {
  const network = bytes[4];
  if (network === networkByte.tcp) return 'tcp';
  if (network === networkByte.udp) return 'udp';
  throw broken(network === undefined ? 'it names no network' : `its network is ${network}`);
}

function readTarget(bytes: Buffer, network: Network): Destination | undefined {
  if (bytes.length < 9) throw broken('its target is cut off');
  const port = bytes.readUInt16BE(5);
  const type = bytes.readUInt8(7);
  let start = 8;
  let length: number;
  if (type === addressType.ipv4) length = 4;
  else if (type === addressType.ipv6) length = 16;
  else if (type === addressType.domain) {
    length = bytes.readUInt8(8);
    start = 9;
  } else throw broken(`its address is of type ${type}`);
  if (bytes.length < start + length) throw broken('its address is cut off');
  const address = bytes.subarray(start, start + length);
  const isName = type === addressType.domain;
  if (isName && !isUtf8(address)) return undefined;
  try {
    const to = destination(network, isName ? address.toString('utf8') : bytesToIp(address), port);
    return to.type === 'unix' ? undefined : to;
  } catch {
    return undefined;
  }
}

/** Whether a frame can name it. */
export function isCarried(to: Destination): boolean {
  return to.type !== 'unix' && (to.type !== 'domain' || Buffer.byteLength(to.host) <= MAX_NAME);
}

function writeTarget(into: Buffer, at: number, { network, type, host, port }: Destination): number {
  into[at] = networkByte[network];
  into.writeUInt16BE(port, at + 1);
  if (type === 'domain') {
    const length = into.write(host, at + 5, MAX_NAME, 'utf8');
    into[at + 3] = addressType.domain;
    into[at + 4] = length;
    return at + 5 + length;
  }
  const address = ipToBytes(host);
  into[at + 3] = address.length === 4 ? addressType.ipv4 : addressType.ipv6;
  into.set(address, at + 4);
  return at + 4 + address.length;
}

const broken = (what: string): SluiceError => new SluiceError('E_PROTOCOL', `a frame cannot be understood: ${what}`);
