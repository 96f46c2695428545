import { bytesToIp, SluiceError } from '@sluice/plugin-api';
import { crc32c } from './crc32c.js';
import {
  tlvType,
  V2_FIXED_LENGTH,
  V2_SIGNATURE,
  type ProxyAddresses,
  type ProxyHeader,
  type ProxyTlv,
} from './proxy-header.js';

/** The most that may follow the fixed part. Senders stay below 536 in all; certificates' names may need more. */
const MAX_VARIABLE = 4096;

const VERSION_AT = V2_SIGNATURE.length;
const FAMILY_AT = VERSION_AT + 1;
const LENGTH_AT = FAMILY_AT + 1;

const LOCAL = 0;
const PROXY = 1;
const UNSPECIFIED = 0;
const STREAM = 1;
const DATAGRAM = 2;

/** Bytes of one address in each family: none, IPv4, IPv6, Unix. */
const ADDRESS_LENGTHS = [0, 4, 16, 108] as const;
const UNIX = 3;
const TLV_HEAD = 3;
const NONE: readonly ProxyTlv[] = [];

/** @param bytes that begin with the signature */
export function decodeV2(bytes: Buffer): ProxyHeader | 'more' | SluiceError {
  const fault = faultOfFixedPart(bytes);
  if (fault !== undefined) return malformed(fault);
  if (bytes.length < V2_FIXED_LENGTH) return 'more';
  const length = V2_FIXED_LENGTH + bytes.readUInt16BE(LENGTH_AT);
  if (bytes.length < length) return 'more';
  const header = bytes.subarray(0, length);
  if ((header[VERSION_AT]! & 0x0f) === LOCAL) return { version: 2, length, addresses: undefined, tlvs: NONE };
  return decodeProxied(header);
}

/** Judged byte by byte, so that what cannot become valid is not waited for. */
function faultOfFixedPart(bytes: Buffer): string | undefined {
  if (bytes.length <= VERSION_AT) return undefined;
  const command = bytes[VERSION_AT]!;
  if (command >> 4 !== 2) return `it is of version ${command >> 4}`;
  if ((command & 0x0f) > PROXY) return 'its command is neither LOCAL nor PROXY';
  if (bytes.length <= FAMILY_AT) return undefined;
  const isLocal = (command & 0x0f) === LOCAL;
  const family = bytes[FAMILY_AT]!;
  if (!isLocal && (family >> 4 >= ADDRESS_LENGTHS.length || (family & 0x0f) > DATAGRAM)) {
    return 'its address family or transport does not exist';
  }
  if (bytes.length < V2_FIXED_LENGTH) return undefined;
  const length = bytes.readUInt16BE(LENGTH_AT);
  if (length > MAX_VARIABLE) return `it announces ${length} bytes, more than ${MAX_VARIABLE}`;
  if (!isLocal && length < addressesLength(family >> 4)) return 'it is too short for its addresses';
  return undefined;
}

function decodeProxied(header: Buffer): ProxyHeader | SluiceError {
  const family = header[FAMILY_AT]! >> 4;
  const transport = header[FAMILY_AT]! & 0x0f;
  const { length } = header;
  // Without a family nobody knows where addresses end.
  if (family === UNSPECIFIED) return { version: 2, length, addresses: undefined, tlvs: NONE };
  const tlvs = decodeTlvs(header, V2_FIXED_LENGTH + addressesLength(family));
  if (tlvs === undefined) return malformed('an addition is longer than the header');
  if (!isIntact(header, tlvs)) return malformed('its checksum is wrong');
  // The peers of a Unix socket have no names worth knowing, and we carry no datagrams.
  const addresses = family === UNIX || transport !== STREAM ? undefined : decodeAddresses(header, family);
  return { version: 2, length, addresses, tlvs };
}

function addressesLength(family: number): number {
  const length = ADDRESS_LENGTHS[family]!;
  const ports = family === UNSPECIFIED || family === UNIX ? 0 : 4;
  return 2 * length + ports;
}

function decodeAddresses(header: Buffer, family: number): ProxyAddresses {
  const length = ADDRESS_LENGTHS[family]!;
  const destinationAt = V2_FIXED_LENGTH + length;
  const portsAt = destinationAt + length;
  return {
    source: {
      address: bytesToIp(header.subarray(V2_FIXED_LENGTH, destinationAt)),
      port: header.readUInt16BE(portsAt),
    },
    destination: {
      address: bytesToIp(header.subarray(destinationAt, portsAt)),
      port: header.readUInt16BE(portsAt + 2),
    },
  };
}

function decodeTlvs(header: Buffer, from: number): readonly ProxyTlv[] | undefined {
  const tlvs: ProxyTlv[] = [];
  let at = from;
  while (at < header.length) {
    if (at + TLV_HEAD > header.length) return undefined;
    const start = at + TLV_HEAD;
    const end = start + header.readUInt16BE(at + 1);
    if (end > header.length) return undefined;
    tlvs.push({ type: header[at]!, value: header.subarray(start, end) });
    at = end;
  }
  return tlvs;
}

/** Whether the checksum, if there is one, is that of the header with zeros in its place. */
function isIntact(header: Buffer, tlvs: readonly ProxyTlv[]): boolean {
  const sums = tlvs.filter(({ type }) => type === tlvType.crc32c);
  const [sum] = sums;
  if (sum === undefined) return true;
  if (sums.length > 1 || sum.value.length !== 4) return false;
  const zeroed = Buffer.from(header);
  const at = sum.value.byteOffset - header.byteOffset;
  zeroed.fill(0, at, at + 4);
  return crc32c(zeroed) === sum.value.readUInt32BE();
}

function malformed(why: string): SluiceError {
  return new SluiceError('E_PROTOCOL', `the PROXY protocol header is malformed: ${why}`);
}
