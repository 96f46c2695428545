import type { TransportTag } from '../fake-dc/obfuscation.js';
import { ip16Text, type RpcEndpoint } from './ip-address.js';
import { operation, proxyTagId, requestFlag } from './operations.js';

/** One message of a proxy's client, as the proxy handed it on. */
export interface ProxyRequest {
  readonly connectionId: bigint;
  /** As they stand on the wire. */
  readonly flags: number;
  /** The framing between the client and its proxy. */
  readonly framing: TransportTag;
  readonly quickAck: boolean;
  /** The proxy's client, and the proxy itself. */
  readonly client: RpcEndpoint;
  readonly proxy: RpcEndpoint;
  /** 32 hex digits. */
  readonly adTag?: string;
  readonly data: Buffer;
}

export interface ReadProxyRequest {
  /** Absent when the bytes cannot be read at all. */
  readonly request?: ProxyRequest;
  /** Each rule that was broken. */
  readonly violations: readonly string[];
}

const headLength = 56;
const extraLength = 24;
const knownFlags = Object.values(requestFlag).reduce((all, flag) => (all | flag) >>> 0, 0);

/** Reads the body of a PROXY_REQ and holds every field of it to the rules. */
export function readProxyRequest(body: Buffer): ReadProxyRequest {
  const violations: string[] = [];
  if (body.length < headLength || body.readUInt32LE() !== operation.proxyRequest) {
    return { violations: [`a PROXY_REQ of ${body.length} bytes cannot hold its own fields`] };
  }
  const flags = body.readUInt32LE(4);
  const connectionId = body.readBigUInt64LE(8);
  if (connectionId === 0n) violations.push('the connection id is 0');
  const client = readEndpoint(body.subarray(16, 36), 'client', violations);
  const proxy = readEndpoint(body.subarray(36, 56), 'proxy', violations);
  let adTag: string | undefined;
  let at = headLength;
  if (hasFlag(flags, 'adTag')) {
    adTag = readAdTag(body.subarray(at), violations);
    if (adTag === undefined) return { violations };
    at += 4 + extraLength;
  } else if (looksLikeExtra(body.subarray(at))) {
    violations.push('the block of the advertising tag is there, but not its flag');
  }
  const data = Buffer.from(body.subarray(at));
  if (data.length === 0) violations.push('a request without data');
  if (data.length % 4 !== 0) violations.push(`data of ${data.length} bytes is not made of words`);
  const framing = readFlags(flags, data, violations);
  const request = {
    connectionId,
    flags,
    framing,
    quickAck: hasFlag(flags, 'quickAck'),
    client,
    proxy,
    data,
    ...(adTag === undefined ? {} : { adTag }),
  };
  return { request, violations };
}

function hasFlag(flags: number, name: keyof typeof requestFlag): boolean {
  return (flags & requestFlag[name]) !== 0;
}

function readFlags(flags: number, data: Buffer, violations: string[]): TransportTag {
  const unknown = (flags & ~knownFlags) >>> 0;
  if (unknown !== 0) violations.push(`unknown flags ${unknown.toString(16)}`);
  for (const name of ['tcpClient', 'obfuscated'] as const) {
    if (!hasFlag(flags, name)) violations.push(`the flag ${requestFlag[name].toString(16)} (${name}) is missing`);
  }
  const isAbridged = hasFlag(flags, 'abridged');
  if (isAbridged === hasFlag(flags, 'intermediate')) {
    violations.push(`flags ${flags.toString(16)} name ${isAbridged ? 'two framings' : 'no framing'}`);
  }
  const isPadded = hasFlag(flags, 'padded');
  if (isPadded && isAbridged) violations.push('the abridged framing has no padding');
  const isPlain = data.length >= 8 && data.readBigUInt64LE() === 0n;
  if (isPlain !== hasFlag(flags, 'unencrypted')) {
    violations.push(
      `flag 2 is ${isPlain ? 'missing on' : 'set on'} a message whose key id is ${isPlain ? '' : 'not '}0`,
    );
  }
  if (isAbridged) return 'abridged';
  return isPadded ? 'padded' : 'intermediate';
}

function readEndpoint(bytes: Buffer, whose: string, violations: string[]): RpcEndpoint {
  const ip = bytes.subarray(0, 16);
  const address = ip16Text(ip);
  const port = bytes.readUInt32LE(16);
  if (port === 0 || port > 65_535) violations.push(`the ${whose}'s port is ${port}`);
  if (address === '::' || address === '0.0.0.0') violations.push(`the ${whose}'s address is not given`);
  // ::1.2.3.4, the form that nobody uses any more: somebody forgot ffff. ::1 is the one that is meant so.
  else if (ip.subarray(0, 12).every((byte) => byte === 0) && address !== '::1') {
    violations.push(`the ${whose}'s IPv4 address is not written as ::ffff:…`);
  }
  return { address, port };
}

function readAdTag(bytes: Buffer, violations: string[]): string | undefined {
  const problem = adTagProblem(bytes);
  if (problem === undefined) return bytes.toString('hex', 9, 25);
  violations.push(problem);
  return undefined;
}

function adTagProblem(bytes: Buffer): string | undefined {
  if (bytes.length < 4 + extraLength)
    return `the flag of the advertising tag is set, but only ${bytes.length} bytes follow`;
  const length = bytes.readUInt32LE();
  if (length !== extraLength) return `the block of the advertising tag says ${length} bytes instead of ${extraLength}`;
  const id = bytes.readUInt32LE(4);
  if (id !== proxyTagId) return `the extra block is of the kind ${id.toString(16)}`;
  if (bytes[8] !== 16) return `the advertising tag is ${String(bytes[8])} bytes long instead of 16`;
  return bytes.readUIntLE(25, 3) === 0 ? undefined : 'the padding of the advertising tag is not zero';
}

function looksLikeExtra(bytes: Buffer): boolean {
  return bytes.length >= 8 && bytes.readUInt32LE() === extraLength && bytes.readUInt32LE(4) === proxyTagId;
}
