import type { Buffer } from 'node:buffer';
import type { Endpoint, SluiceError } from '@sluice/plugin-api';

/** Who uses a carrier. */
export interface CarrierUser {
  /** Bytes have come; they are valid during the call. A thrown error ends the carrier with it. */
  received(bytes: Buffer): void;
  /** All that was sent has been passed on; called after a `send` that answered false. */
  drained(): void;
  /** The carrier is gone. Called once, last; without an error if it ended in order. */
  lost(error: SluiceError | undefined): void;
}

/** One stream of bytes that many share. */
export interface Carrier {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** From now on the user is told. */
  begin(user: CarrierUser): void;
  /**
   * Sends bytes. True: they have been passed on, and the memory is free. False: it is given away, and
   * `drained` follows. What is sent after the end is dropped.
   */
  send(bytes: Buffer): boolean;
  /** No bytes are wanted for the time being. */
  pauseReading(): void;
  resumeReading(): void;
  /** Closes at once; the user is told. */
  close(error: SluiceError | undefined): void;
  /** Ends once what was sent is out; the user is told at once. */
  finish(): void;
}
