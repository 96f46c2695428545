import { Buffer } from 'node:buffer';

/** Sizes in bytes; each leaves room for the headers of that many bytes in small records. */
const SIZES = [2, 8, 32, 128, 512].map((kib) => kib * 1024 + kib * 8 + 64);

/** One free buffer of each size: encoding is synchronous, so one serves all connections. */
const free: (Buffer | undefined)[] = SIZES.map(() => undefined);

/** A buffer of at least so many bytes, or the largest there is. Whoever has done with it calls {@link release}. */
export function acquire(bytes: number): Buffer {
  let size = 0;
  while (size < SIZES.length - 1 && SIZES[size]! < bytes) size += 1;
  const buffer = free[size];
  free[size] = undefined;
  return buffer ?? Buffer.allocUnsafeSlow(SIZES[size]!);
}

/** Nobody uses the buffer any more. */
export function release(buffer: Buffer): void {
  free[SIZES.indexOf(buffer.length)] = buffer;
}
