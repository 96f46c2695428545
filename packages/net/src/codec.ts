/**
 * Receives what a codec puts out. True: the bytes have been passed on and nobody refers to their
 * memory any more, so a codec that owns it may use it again at once. Anything else: it is taken.
 */
export type Emit = (bytes: Buffer) => boolean | void;

/**
 * One direction of a protocol's byte transformation: synchronous, pure, without I/O.
 *
 * The chunk given to `write` is valid only during the call; what must be kept is copied. A decoder
 * may change it in place; an encoder may not. An emitted buffer belongs to the receiver, except that
 * slices of the chunk itself may be emitted.
 * Throwing a SluiceError ends the connection with that reason.
 */
export interface Codec {
  /** Bytes in; `emit` is called zero or more times, in order. */
  write(chunk: Buffer, emit: Emit): void;
  /** The source has ended. May emit a trailer, or throw E_PROTOCOL if the stream is cut off. */
  end?(emit: Emit): void;
  /**
   * Chunks of 512 KiB cost no more a byte than those of 64 KiB, of which no read brings more otherwise.
   * A busy conn reads so much at once if all codecs that its bytes pass say so.
   */
  readonly takesLargeChunks?: boolean;
  /** The bytes that wait inside for more input, if any (for leak checks and limits). */
  readonly pendingBytes?: number;
  /** The connection is over; frees what garbage collection would not. */
  dispose?(): void;
}

/** What a handshake adds to a link: how bytes read are decoded and bytes written are encoded. */
export interface CodecPair {
  /** For what comes from the peer. */
  readonly decode?: Codec | undefined;
  /** For what goes to the peer. */
  readonly encode?: Codec | undefined;
}
