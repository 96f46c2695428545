import type { Buffer } from 'node:buffer';
import type { Codec, Emit } from '../codec.js';
import type { Conn, ConnSink, Counter } from '../conn/conn.js';
import { SluiceError, toSluiceError } from '../errors.js';
import { resetError } from '../handshake/reader.js';
import type { Link } from '../link.js';
import { TimerWheel } from '../timer-wheel.js';
import type { Relay } from './relay.js';
import { StallWatch } from './stall-watch.js';
import type { BucketWaiter, TokenBucket } from './token-bucket.js';

/** What counts and what limits the bytes that a side reads. */
export interface SideMeters {
  readonly counter: Counter | undefined;
  readonly bucket: TokenBucket | undefined;
}

/** One of the two connections of a relay: reads from its own conn, writes to the other side's. */
export class RelaySide implements ConnSink, BucketWaiter {
  /** Payload bytes read. */
  bytes = 0;
  /** The conn's peer has ended its direction and that was passed on. */
  ended = false;
  closed = false;
  /** The other conn has not taken all that was read here. */
  blocked = false;
  /** Its rate is used up for the moment. */
  throttled = false;
  readonly #relay: Relay;
  readonly #timers: TimerWheel;
  readonly #link: Link;
  readonly #conn: Conn;
  readonly #counter: Counter | undefined;
  readonly #bucket: TokenBucket | undefined;
  #other!: RelaySide;
  #stall: StallWatch | undefined;
  #out!: Conn;
  /** Null while bytes pass unchanged. */
  #pipeline: Emit | null = null;
  #stages: readonly { codec: Codec; emit: Emit }[] = [];
  /** Whether it pays to read much at once. */
  #readsLarge = true;
  /** Without decoders, payload is counted as it is read. */
  #countsRaw = true;
  /** The memory that the pipeline works on now, if it is shared with other conns. */
  #volatileMemory: ArrayBufferLike | null = null;

  constructor(relay: Relay, timers: TimerWheel, link: Link, meters: SideMeters) {
    this.#relay = relay;
    this.#timers = timers;
    this.#link = link;
    this.#conn = link.conn;
    this.#counter = meters.counter;
    this.#bucket = meters.bucket;
  }

  /** Learns where to write to and by which codecs. */
  join(other: RelaySide): void {
    this.#other = other;
    this.#out = other.#conn;
    const decoders = this.#link.decoders;
    const encoders = other.#link.encoders;
    if (decoders.length + encoders.length === 0) return;
    this.#readsLarge = [...decoders, ...encoders].every((codec) => codec.takesLargeChunks === true);
    // Built from the end: each stage emits into the next, the last into the other conn.
    let next: Emit = (bytes) => this.#writeOut(bytes);
    const stages: { codec: Codec; emit: Emit }[] = [];
    for (const codec of [...encoders].reverse()) next = this.#stage(codec, next, stages);
    if (decoders.length > 0) next = this.#countStage(next);
    for (const codec of [...decoders].reverse()) next = this.#stage(codec, next, stages);
    this.#stages = stages.reverse();
    this.#countsRaw = decoders.length === 0;
    this.#pipeline = next;
  }

  /** Passes on what the handshake left over, then takes the conn's events. */
  begin(): void {
    if (this.closed) return;
    const rest = this.#link.reader.release();
    const failure = this.#link.reader.failure;
    // Large reads would be large bursts.
    this.#conn.attach(this, this.#readsLarge && this.#bucket === undefined);
    if (failure !== undefined || this.#conn.destroyed) {
      this.onClose(failure);
      return;
    }
    if (rest.length > 0) this.#passOn(rest);
    if (this.closed) return;
    // Whoever shares a rate that is used up waits from the start: a new connection wins nothing.
    if (this.#bucket !== undefined && !this.throttled) this.#spend(this.#bucket, 0);
    if (this.#link.reader.sawEnd) this.onEnd();
    else if (this.blocked || this.throttled) this.#conn.pause();
    else this.#conn.resume();
  }

  onData(chunk: Buffer, volatile: boolean): void {
    this.#relay.active = this.#timers.now;
    const pipeline = this.#pipeline;
    if (pipeline === null) {
      this.#count(chunk.length);
      if (this.closed) return;
      const taken = volatile ? this.#out.writeVolatile(chunk) : this.#out.write(chunk);
      if (!taken) this.blocked = true;
    } else {
      this.#volatileMemory = volatile ? chunk.buffer : null;
      if (this.#countsRaw) this.#count(chunk.length);
      if (this.closed) return;
      try {
        pipeline(chunk);
      } catch (error) {
        this.#relay.sideFailed(toSluiceError(error));
        return;
      }
    }
    if (this.#bucket !== undefined) this.#spend(this.#bucket, chunk.length);
    if (this.blocked || this.throttled) this.#conn.pause();
  }

  onEnd(): void {
    if (this.ended) return;
    this.ended = true;
    try {
      for (const { codec, emit } of this.#stages) codec.end?.(emit);
    } catch (error) {
      this.#relay.sideFailed(toSluiceError(error));
      return;
    }
    this.#out.end();
    this.#relay.sideEnded(this);
  }

  /** The conn has taken what was written to it: the other side may read on. */
  onDrain(): void {
    const other = this.#other;
    if (!other.blocked) return;
    other.blocked = false;
    this.#relay.active = this.#timers.now;
    if (!other.throttled) other.#conn.resume();
  }

  onRefill(): void {
    this.throttled = false;
    this.#relay.active = this.#timers.now;
    if (!this.blocked && !this.closed) this.#conn.resume();
  }

  onClose(error: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    const reason = error === undefined || error instanceof SluiceError ? error : resetError(error);
    this.#relay.sideClosed(this, reason);
  }

  /** From now on a dead peer is looked for. @param isSet the conn has keep-alive with the default already */
  keepAlive(isSet: boolean): void {
    const idle = this.#link.tcp?.keepAlive;
    if (!isSet || idle !== undefined) this.#conn.keepAlive(idle);
  }

  /** For how many ticks bytes may wait for the conn's peer; Infinity is for ever. */
  get userTimeout(): number {
    const ms = this.#link.tcp?.userTimeout;
    return ms === undefined ? Infinity : TimerWheel.ticks(ms);
  }

  /** For how many ticks bytes have been seen to wait without the conn taking any; undefined if none wait. */
  stalledFor(now: number): number | undefined {
    if (this.#other.blocked) return (this.#stall ??= new StallWatch(this.#conn, now)).ticks(now);
    this.#stall = undefined;
    return undefined;
  }

  /** @param cutOff let the peer see that the stream is incomplete */
  close(cutOff: boolean): void {
    this.closed = true;
    this.#bucket?.leave(this);
    if (cutOff) this.#conn.reset();
    else this.#conn.destroy();
    this.#link.dispose();
  }

  /** The counter may end the relay. */
  #count(n: number): void {
    this.bytes += n;
    this.#counter?.add(n);
  }

  #spend(bucket: TokenBucket, bytes: number): void {
    if (this.closed || bucket.take(bytes)) return;
    this.throttled = true;
    bucket.wait(this);
  }

  #stage(codec: Codec, emit: Emit, stages: { codec: Codec; emit: Emit }[]): Emit {
    stages.push({ codec, emit });
    return (bytes) => codec.write(bytes, emit);
  }

  #countStage(next: Emit): Emit {
    return (bytes) => {
      this.#count(bytes.length);
      return this.closed || next(bytes);
    };
  }

  #writeOut(bytes: Buffer): boolean {
    if (bytes.length === 0) return true;
    const taken = bytes.buffer === this.#volatileMemory ? this.#out.writeVolatile(bytes) : this.#out.write(bytes);
    if (!taken) this.blocked = true;
    return taken;
  }

  /** Leftover bytes are already decoded: only the other side's encoders apply. */
  #passOn(rest: Buffer): void {
    this.#count(rest.length);
    if (this.#bucket !== undefined) this.#spend(this.#bucket, rest.length);
    if (this.closed) return;
    this.#volatileMemory = null;
    try {
      let emit: Emit = (bytes) => this.#writeOut(bytes);
      for (const codec of [...this.#other.#link.encoders].reverse()) {
        const next = emit;
        emit = (bytes) => codec.write(bytes, next);
      }
      emit(rest);
    } catch (error) {
      this.#relay.sideFailed(toSluiceError(error));
    }
  }
}
