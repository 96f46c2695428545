import type { Endpoint } from '../address.js';

/** Who is told what happens on a {@link Conn}. Calls are synchronous and never overlap. */
export interface ConnSink {
  /**
   * Bytes have arrived. They are valid during the call, and until `resume()` if the sink has
   * paused the conn in it, unless `volatile` says that the memory is shared and must be copied.
   */
  onData(chunk: Buffer, volatile: boolean): void;
  /** The peer will send no more. Writing is still possible. */
  onEnd(): void;
  /** All that was written has been passed on; called after a `write` that answered false. */
  onDrain(): void;
  /** The conn is gone. Called exactly once, last. `error` is set if it did not close in order. */
  onClose(error: Error | undefined): void;
}

/**
 * A bidirectional byte stream in push style: the contract between sockets, transports and the
 * relay engine. It starts paused and without a sink.
 */
export interface Conn {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Bytes received so far, as counted on this very stream. */
  readonly bytesRead: number;
  /** Bytes handed to `write` so far, whether or not the system has taken them. */
  readonly bytesWritten: number;
  /** Bytes written that the system has not taken yet: less whenever it takes some. Where a conn cannot tell, absent. */
  readonly unsent?: number;
  /** Whether it is closed for both directions. */
  readonly destroyed: boolean;
  /** Adds to the counters from now on (V2Ray counts inbound and outbound traffic here). */
  meter(read: Counter | undefined, written: Counter | undefined): void;
  /**
   * Sets who is told of events. `retain` says that large chunks are welcome, so that the conn may
   * read into memory of its own instead of shared memory. On a conn that is gone, the sink's
   * `onClose` follows.
   */
  attach(sink: ConnSink, retain: boolean): void;
  /**
   * The conn has turned out to live long: from now on a dead peer is looked for.
   * @param idleMs silence before the first probe; default 30 s
   */
  keepAlive(idleMs?: number): void;
  /** No data until `resume`. */
  pause(): void;
  /** Lets data come. */
  resume(): void;
  /**
   * Queues bytes. True: they have been passed on and the memory may be reused at once. False:
   * the memory is in use until `onDrain`. After `end` or `destroy`, bytes are dropped.
   */
  write(chunk: Uint8Array): boolean;
  /** Like `write`, for memory that will change after the call. */
  writeVolatile(chunk: Uint8Array): boolean;
  /** Ends our sending direction after what was written. */
  end(): void;
  /** Closes at once; what was not sent yet is dropped. */
  destroy(error?: Error): void;
  /**
   * Closes at once and lets the peer see that the stream is cut off, not complete (TCP RST); once
   * the end and all before it are out, like `destroy`.
   */
  reset(error?: Error): void;
}

/** A number that only grows. */
export class Counter {
  value = 0;

  /** Counts so many bytes. */
  add(n: number): void {
    this.value += n;
  }
}
