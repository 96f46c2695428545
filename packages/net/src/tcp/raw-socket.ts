import { Buffer } from 'node:buffer';
import { readSync } from 'node:fs';
import net from 'node:net';

/**
 * The one place that reaches below Node's documented socket API, and only where it pays: an
 * accepted socket wrapped with `onread` (documented for `net.connect` alone) reads into our own
 * memory, which is worth a factor of 1.5 to 2 on the relay. Where the parts are missing, callers
 * fall back to plain sockets, which work the same and are slower.
 */

/** The parts of Node's TCP and pipe handles that are used. */
export interface RawHandle {
  useUserBuffer?(buffer: Uint8Array): void;
  close(): void;
  /** Bytes of the write under way that the system has not taken yet. */
  readonly writeQueueSize?: number;
  /** The file descriptor, where there are any. */
  readonly fd?: number;
  /** TCP only. */
  reset?: unknown;
}

interface RawServer {
  onconnection?: (status: number, handle: RawHandle | undefined) => void;
  setNoDelay?(enable: boolean): void;
  setKeepAlive?(enable: boolean, seconds: number): void;
}

/** Where reads go: `buffer` names the memory for the next read, `callback` tells of a finished one. */
export interface ReadInto {
  readonly buffer: () => Buffer | undefined;
  readonly callback: (bytes: number) => boolean;
}

export function rawHandleOf(socket: net.Socket): RawHandle | undefined {
  return (socket as unknown as { _handle?: RawHandle | null })._handle ?? undefined;
}

/** Whether the socket can be closed by a TCP reset; a Unix socket can not. */
export function canReset(socket: net.Socket): boolean {
  return typeof rawHandleOf(socket)?.reset === 'function';
}

const ONE_BYTE = Buffer.alloc(1);

/**
 * Whether what was reported as the end of a stream is one. Where a reset arrives while bytes are
 * still unread, libuv sees the hang-up, reports an end in order and never asks the socket for the
 * error; one more read does.
 */
export function errorAtEnd(socket: net.Socket): Error | undefined {
  const fd = rawHandleOf(socket)?.fd;
  if (fd === undefined || fd < 0) return undefined;
  try {
    readSync(fd, ONE_BYTE);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** Options that make `net.connect` or `net.Socket` read into our memory. */
export function onreadOptions(into: ReadInto): { onread: net.OnReadOpts } {
  // The callee reads undefined as "the same memory again", which the typings do not know.
  const buffer = into.buffer as () => Uint8Array;
  return { onread: { buffer, callback: into.callback } };
}

/** A socket around a handle that `accept` has given; reading starts when asked for. */
export function wrapHandle(handle: RawHandle, into: ReadInto): net.Socket {
  const options = { handle, allowHalfOpen: true, manualStart: true, ...onreadOptions(into) };
  return new net.Socket(options);
}

/** Starts the next read of a socket that was paused or wrapped, without the stream machinery. */
export function startReading(socket: net.Socket): void {
  socket._read(0);
}

/**
 * Sets no-delay and keep-alive on the listening socket, where Linux has accepted ones inherit
 * them: four system calls less for every connection. Answers false where that does not hold.
 */
export function setInheritedOptions(server: net.Server, keepAliveSeconds: number): boolean {
  if (process.platform !== 'linux') return false;
  const raw = (server as unknown as { _handle?: RawServer | null })._handle;
  if (typeof raw?.setNoDelay !== 'function' || typeof raw.setKeepAlive !== 'function') return false;
  raw.setNoDelay(true);
  raw.setKeepAlive(true, keepAliveSeconds);
  return true;
}

/**
 * Has the server hand out bare handles instead of sockets. Answers false, and changes nothing,
 * where this Node does not allow it.
 */
export function takeHandles(
  server: net.Server,
  onHandle: (handle: RawHandle) => void,
  onError: (status: number) => void,
): boolean {
  const raw = (server as unknown as { _handle?: RawServer | null })._handle;
  if (raw === null || raw === undefined || typeof raw.onconnection !== 'function') return false;
  raw.onconnection = (status, handle): void => {
    if (handle === undefined) onError(status);
    else if (typeof handle.useUserBuffer === 'function') onHandle(handle);
    else handle.close();
  };
  return true;
}
