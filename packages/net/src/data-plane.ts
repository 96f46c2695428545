import { Buffer } from 'node:buffer';
import { BufferPool, type BufferPoolState } from './buffers/buffer-pool.js';
import { connLimit } from './file-limit.js';
import { TimerEntry, TimerWheel } from './timer-wheel.js';

/** Size in bytes of the memory that all quiet connections of an instance read into. */
const SHARED_READ_BYTES = 64 * 1024;
/** Size in bytes of the buffer of a busy connection: larger reads cost the kernel less per byte. */
const BUSY_READ_BYTES = 512 * 1024;
/** Busy connections beyond this many stay with the shared memory, so that buffers are bounded. */
const MAX_BUSY = 128;
const MAX_IDLE_BUFFERS = 16;
const SWEEP_TICKS = 50;

/** A conn that holds a pooled buffer and gives it back when it has been quiet for a while. */
export interface BufferHolder {
  /** The tick of the last read. */
  readonly lastRead: number;
  /** Gives the buffer back to the plane. */
  returnBuffer(): void;
}

/** How much is open, running or borrowed; nothing of it after a clean end. */
export interface DataPlaneState {
  /** Connections that are open. */
  readonly conns: number;
  /** Timers that are set. */
  readonly timers: number;
  readonly buffers: BufferPoolState;
}

/**
 * What the connections of one instance share: timers, buffers and their counts. Two instances in
 * a process have one each.
 */
export class DataPlane {
  readonly timers = new TimerWheel();
  readonly buffers = new BufferPool(BUSY_READ_BYTES, MAX_IDLE_BUFFERS);
  /** Quiet connections read into this: reads are synchronous, so one memory serves them all. */
  readonly sharedRead: Buffer = Buffer.allocUnsafeSlow(SHARED_READ_BYTES);
  /** Memory for {@link Conn.writeVolatile}; replaced whenever a write keeps hold of it. */
  #scratch: Buffer = Buffer.allocUnsafeSlow(SHARED_READ_BYTES);
  readonly #holders = new Set<BufferHolder>();
  readonly #sweeper: TimerEntry;
  /** Open conns. */
  conns = 0;
  readonly #maxConns = connLimit();

  constructor() {
    const sweep = (): void => this.#sweep();
    this.#sweeper = new (class extends TimerEntry {
      onTimer(): void {
        sweep();
      }
    })();
  }

  /** Whether an accepted conn and the one dialled for it still fit into the limit of open files. */
  get hasRoom(): boolean {
    return this.conns + 2 <= this.#maxConns;
  }

  /** A copy of the chunk in memory that is free now; say {@link takeScratch} if a write keeps it. */
  scratchCopy(chunk: Uint8Array): Buffer {
    if (chunk.length > this.#scratch.length) return Buffer.from(chunk);
    this.#scratch.set(chunk);
    return this.#scratch.subarray(0, chunk.length);
  }

  /** The scratch memory is in use by a pending write: the next copy gets other memory. */
  takeScratch(used: number): void {
    if (used <= this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(SHARED_READ_BYTES);
  }

  /** A large buffer, or undefined while too many are in use. */
  holdBuffer(holder: BufferHolder): Buffer | undefined {
    if (this.#holders.size >= MAX_BUSY) return undefined;
    this.#holders.add(holder);
    if (this.#sweeper.wheelDue < 0) this.timers.schedule(this.#sweeper, SWEEP_TICKS);
    return this.buffers.acquire();
  }

  /** @param reusable false if a write may still refer to the buffer */
  dropBuffer(holder: BufferHolder, buffer: Buffer, reusable: boolean): void {
    this.#holders.delete(holder);
    if (reusable) this.buffers.release(buffer);
    else this.buffers.discard();
    if (this.#holders.size === 0) this.timers.cancel(this.#sweeper);
  }

  state(): DataPlaneState {
    return { conns: this.conns, timers: this.timers.size, buffers: this.buffers.state() };
  }

  #sweep(): void {
    const quietSince = this.timers.now - SWEEP_TICKS;
    for (const holder of this.#holders) {
      if (holder.lastRead < quietSince) holder.returnBuffer();
    }
    if (this.#holders.size > 0) this.timers.schedule(this.#sweeper, SWEEP_TICKS);
  }
}
