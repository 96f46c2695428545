import { isIPv4, isIPv6 } from 'node:net';
import { bytesToIp, ipToBytes, SluiceError, type Endpoint } from '@sluice/plugin-api';
import type { ProxyHeader } from './proxy-header.js';

/** The longest line, with its end. */
const MAX_LINE = 107;
const END = '\r\n';
/** One space between, no zero in front of a number. */
const TCP_LINE = /^PROXY TCP([46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/;

/** @param bytes that begin with "PROXY " */
export function decodeV1(bytes: Buffer): ProxyHeader | 'more' | SluiceError {
  const text = bytes.toString('latin1', 0, MAX_LINE);
  const end = text.indexOf(END);
  if (end < 0) return text.length < MAX_LINE ? 'more' : malformed(`its first line is longer than ${MAX_LINE} bytes`);
  const line = text.slice(0, end);
  const length = end + END.length;
  // Whatever else such a line says is to be ignored.
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { version: 1, length, addresses: undefined, tlvs: [] };
  const [, family, from = '', to = '', fromPort = '', toPort = ''] = TCP_LINE.exec(line) ?? [];
  if (family === undefined) return malformed('its first line is not of the form that version 1 has');
  const source = endpoint(family, from, fromPort);
  const destination = endpoint(family, to, toPort);
  if (source === undefined || destination === undefined)
    return malformed(`an address or port is not one of TCP${family}`);
  return { version: 1, length, addresses: { source, destination }, tlvs: [] };
}

function endpoint(family: string, address: string, port: string): Endpoint | undefined {
  const isOfFamily = family === '4' ? isIPv4(address) : isIPv6(address) && !address.includes('%');
  if (!isOfFamily || Number(port) > 65535) return undefined;
  return { address: bytesToIp(ipToBytes(address)), port: Number(port) };
}

function malformed(why: string): SluiceError {
  return new SluiceError('E_PROTOCOL', `the PROXY protocol header is malformed: ${why}`);
}
