import { type Buffer } from 'node:buffer';

/** Up: from the outbound to its inbound. */
export type Direction = 'up' | 'down';

/** How one direction of a connection is treated on its way. */
export type Treatment =
  /** Handed on as it came. */
  | { readonly kind: 'pass' }
  /** Cut in two after so many bytes; the rest follows when the first part has been read. */
  | { readonly kind: 'split'; readonly at: number }
  /** What comes within a moment of something else comes together with it. */
  | { readonly kind: 'join' }
  /** Byte by byte. */
  | { readonly kind: 'trickle' }
  /** After so many bytes, both sides see the end, or a reset. */
  | { readonly kind: 'end' | 'reset'; readonly at: number }
  /** After so many bytes nothing is handed on any more, either way, and nothing is closed. */
  | { readonly kind: 'stall'; readonly at: number }
  /** One bit of the byte at this place is the other way round. */
  | { readonly kind: 'flip'; readonly at: number }
  /** Instead of the server's answer the bytes here come, and then the end. */
  | { readonly kind: 'junk'; readonly answer: Buffer };

/** What is to be done with one connection. */
export interface Wire {
  readonly direction: Direction;
  readonly treatment: Treatment;
}

export const PASS: Wire = { direction: 'up', treatment: { kind: 'pass' } };
