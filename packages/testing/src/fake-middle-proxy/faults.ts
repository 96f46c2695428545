/** What a middle proxy of a bad day does with one frame that it sends. */
export type FrameFault =
  | 'wrong-crc'
  | 'wrong-sequence'
  /** Announces 1 GiB, and sends what it has. */
  | 'oversized'
  /** Announces 8 bytes. */
  | 'undersized'
  /** Announces a byte more than there are. */
  | 'unaligned'
  /** Random bytes in the frame's place, as many as it has. */
  | 'junk'
  /** An operation that nobody knows. */
  | 'unknown-operation'
  /** Half of it, then the end of the connection. */
  | 'cut'
  /** Half of it, and nothing more ever. */
  | 'stall';

/** How a connection misbehaves; nothing set: it does not. Bytes are counted as sent, from the connection's first one. */
export interface MiddleProxyFaults {
  /** The answer to the client's nonce. `old`: its clock is an hour behind. `error`: a handshake error instead. */
  readonly nonce?: 'other-selector' | 'other-schema' | 'old' | 'short' | 'error';
  /** The answer to the client's handshake. `other-peer`: meant for another process. `error`: a handshake error instead. */
  readonly handshake?: 'other-peer' | 'short' | 'error';
  /** The nonce is frame 0, the handshake frame 1, and the first answer frame 2. */
  readonly frame?: { readonly index: number; readonly fault: FrameFault };
  /** Ends the connection after exactly so many bytes. */
  readonly cutAfter?: number;
  /** How; default `close`. */
  readonly cutBy?: 'close' | 'reset';
  /** Sends nothing after so many bytes, and leaves the connection open. 0: never says a word. */
  readonly stallAfter?: number;
  /** Sends pieces of so many bytes, each on its own. */
  readonly pieces?: number;
  /** Reads nothing after the handshake until `resumeReading`. */
  readonly pausesReading?: boolean;
}
