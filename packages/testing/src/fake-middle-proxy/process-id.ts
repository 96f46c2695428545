import { ipBytes } from './ip-address.js';

/** How a process names itself in the handshake: 12 bytes. */
export interface ProcessId {
  /** IPv4 as a number; 0 means any. */
  readonly ip: number;
  readonly port: number;
  readonly pid: number;
  /** When it started, in seconds since 1970. */
  readonly startedAt: number;
}

export function encodeProcessId(id: ProcessId): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(id.ip, 0);
  bytes.writeUInt16LE(id.port, 4);
  bytes.writeUInt16LE(id.pid, 6);
  bytes.writeUInt32LE(id.startedAt, 8);
  return bytes;
}

export function decodeProcessId(bytes: Buffer): ProcessId {
  return {
    ip: bytes.readUInt32LE(0),
    port: bytes.readUInt16LE(4),
    pid: bytes.readUInt16LE(6),
    startedAt: bytes.readUInt32LE(8),
  };
}

/** Whether `id` is what `wanted` asks for; what is 0 there may be anything. */
export function matchesProcessId(id: ProcessId, wanted: ProcessId): boolean {
  return (['ip', 'port', 'pid', 'startedAt'] as const).every((name) => wanted[name] === 0 || wanted[name] === id[name]);
}

/** 0 for an IPv6 address: there is no room for one. */
export function ipNumber(address: string): number {
  const bytes = ipBytes(address);
  return bytes.length === 4 ? bytes.readUInt32BE() : 0;
}
